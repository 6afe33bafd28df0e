"""The manifest of one version of a backup: every file with its size and hash, and every ref as it stood.

    manifest = magic 8s, payload, BLAKE3-256 of both (32 bytes)

The payload is a structure (`codec.encode_fields`) of ten fields:
[format, store id, version, time, note, epoch, files, refs, seal, signature]. `seal` and `signature` are nil so far: a
sealed backup will say there how its files were sealed, and a signature will cover the payload with nil in its place.
Bytes: docs/format/backup.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, cast

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.codec import Field, decode_fields, encode_fields
from objstore.objects.hashing import Digest
from objstore.objects.kinds import Oid

MANIFEST_MAGIC: Final = b"\x95objback"
MANIFEST_FORMAT: Final = 1
MAX_MANIFEST_BYTES: Final = 1 << 28
MAX_NOTE_BYTES: Final = 1 << 16

_HASH = 32
_LIMIT = 1 << 63
_FIELDS = 10


class FileEntry(NamedTuple):
    """A file of a version: its path in the backup folder, its size in bytes and its BLAKE3-256."""

    name: str
    size: int
    hash: bytes


class RefEntry(NamedTuple):
    """A ref as it stood: `value` (None: deleted), how many steps it had made, and the chain of its log (32 bytes)."""

    name: str
    value: Oid | None
    sequence: int
    chain: bytes


class Manifest(NamedTuple):
    """One version. `store` is the store's id (16 bytes), `time` in µs since 1970; files and refs are sorted by name."""

    store: bytes
    version: int
    time: int
    note: str
    epoch: int
    files: tuple[FileEntry, ...]
    refs: tuple[RefEntry, ...]

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes of a manifest. InvalidValue: a field that no manifest can have."""
    fault = _fault(manifest)
    if fault:
        raise InvalidValue("manifest", fault)
    store, version, time, note, epoch, files, refs = manifest
    rows = cast("list[Field]", [[*map(list, entries)] for entries in (files, refs)])
    payload = encode_fields([MANIFEST_FORMAT, store, version, time, note, epoch, *rows, None, None])
    if len(payload) > MAX_MANIFEST_BYTES:
        raise InvalidValue("manifest", f"takes {len(payload)} bytes; at most {MAX_MANIFEST_BYTES} are read")
    return MANIFEST_MAGIC + payload + _hash(MANIFEST_MAGIC + payload)


def decode_manifest(data: bytes) -> Manifest:
    """The manifest. CorruptObject: not the canonical bytes of one, or of a kind that this program does not know."""
    if not data.startswith(MANIFEST_MAGIC) or len(data) < len(MANIFEST_MAGIC) + _HASH:
        raise CorruptObject(None, "no manifest of a backup begins so")
    if _hash(data[:-_HASH]) != data[-_HASH:]:
        raise CorruptObject(None, "a manifest whose hash does not fit its bytes")
    fields = cast("list[Any]", decode_fields(data[len(MANIFEST_MAGIC) : -_HASH], MAX_MANIFEST_BYTES))
    if len(fields) != _FIELDS or type(fields[0]) is not int or fields[0] != MANIFEST_FORMAT:
        raise CorruptObject(None, "a manifest of an unknown format")
    if fields[8] is not None or fields[9] is not None:
        raise CorruptObject(None, "a manifest that is sealed or signed, which this program does not know")
    files, refs = (_rows(fields[6], FileEntry), _rows(fields[7], RefEntry))
    manifest = Manifest._make(cast("list[Any]", [*fields[1:6], files, refs]))
    fault = _fault(manifest)
    if fault:
        raise CorruptObject(None, f"a manifest that {fault}")
    return manifest


def _rows(field: object, kind: type[FileEntry] | type[RefEntry]) -> tuple[object, ...]:
    width = len(kind._fields)
    if type(field) is not list:
        raise CorruptObject(None, "a manifest without lists of files and refs")
    rows = cast("list[list[Any]]", field)
    if any(type(row) is not list or len(row) != width for row in rows):
        raise CorruptObject(None, "a manifest with a file or ref of unknown form")
    return tuple(kind(*row) for row in rows)


def _fault(manifest: Manifest) -> str:
    """What no manifest has, or ""."""
    store, version, time, note, epoch, files, refs = manifest
    if type(store) is not bytes or len(store) != 16:
        return "names no store by 16 bytes"
    if not all(type(count) is int and 0 <= count < _LIMIT for count in (version, epoch)) or not version:
        return "has a version or epoch that is no count"
    if type(time) is not int or not -_LIMIT <= time < _LIMIT:
        return "has a time that is no integer of 64 bits"
    if type(note) is not str or len(note.encode("utf-8", "replace")) > MAX_NOTE_BYTES:
        return "has a note that is no text, or too long"
    return _rows_fault("file", files, _is_file) or _rows_fault("ref", refs, _is_ref)


def _rows_fault(what: str, rows: Sequence[Any], is_one: Callable[[Any], bool]) -> str:
    if not all(map(is_one, rows)):
        return f"has a {what} of unknown form"
    names = [row.name for row in rows]
    return "" if names == sorted(set(names)) else f"has {what}s out of order"


def _is_file(file: FileEntry) -> bool:
    name, size, digest = file
    good = type(name) is str and name != "" and type(size) is int and 0 <= size < _LIMIT
    # A name leads to a file of the backup and nowhere else.
    safe = good and not name.startswith("/") and not {"", ".", ".."} & {*name.split("/")} and "\\" not in name
    return safe and "\0" not in name and type(digest) is bytes and len(digest) == _HASH


def _is_ref(ref: RefEntry) -> bool:
    name, value, sequence, chain = ref
    good = type(name) is str and name != "" and type(sequence) is int and 1 <= sequence < _LIMIT
    held = value is None or (type(value) is bytes and 0 < len(value) <= 255)
    return good and held and type(chain) is bytes and len(chain) == _HASH


def _hash(data: bytes) -> bytes:
    digest = Digest()
    digest.update(data)
    return digest.digest()
