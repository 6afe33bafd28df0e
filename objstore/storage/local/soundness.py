"""Whether the files of a local store are sound, read front to back: packs by frames, the journal by pages of rows.

Works on the folder and the journal alone, so that a store whose packs cannot be opened can be looked at too. Units are
independent and large, so that several threads gain by them. Nothing is changed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from objstore.errors import CorruptObject, ObjstoreError
from objstore.objects.canonical import payload_fault
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Kind, Oid
from objstore.packs.compression import Compression
from objstore.packs.frame import Frame
from objstore.packs.pack import Pack, salvage
from objstore.packs.pack_index import PREFIX_SIZE, PackIndex
from objstore.storage.local.frames import FrameCodec, open_frame
from objstore.storage.local.journal import Journal, PackRow
from objstore.storage.local.open_pack import FileBuffer, map_file
from objstore.storage.local.storage import LocalStorage

_HEAD = 26  # Bytes of a pack before its first frame.
_BASES = 8
_ROWS = 512
_LISTED = "SELECT 1 FROM objects WHERE substr(oid, 1, 8) = ? AND oid = ?"
_LARGEST = 1 << 30  # Bytes of an object in the journal.


class Sound(NamedTuple):
    """An object that was read and is what its id and kind say."""

    oid: Oid
    kind: Kind
    size: int


class Unsound(NamedTuple):
    """A fault in a file: `file` is its path within the store, `what` one of "pack", "index", "journal", "object"."""

    file: str
    what: str
    reason: str
    oid: bytes | None = None


Rows = list[tuple[int, Any, Any, Any, Any]]
"""Rows of the journal as they were found: number, oid, kind, domain, data."""

Places = frozenset[tuple[int, int]]
"""Records of a pack, as (frame, record)."""


class PackReader:
    """One pack and its index, opened for being checked. Safe between threads."""

    def __init__(self, folder: Path, name: str, codec: FrameCodec, dead: Places) -> None:
        """`dead`: (frame, record) of objects that were deleted and do not count.

        CorruptObject: the pack's ends are damaged. ObjstoreError, OSError: it cannot be opened.
        """
        self.name = name
        self.file = f"packs/{name}.pack"
        self.index_file = f"packs/{name}.index"
        self._codec = codec
        self.dead = dead
        self._handle = os.open(folder / f"{name}.pack", os.O_RDONLY | os.O_CLOEXEC)
        try:
            buffer = FileBuffer(self._handle, self.file)
            self.size = len(buffer)
            self.pack = Pack(buffer, self.file)
            if self.pack.pack_id.hex() != name:
                raise CorruptObject(None, f"it is the pack {self.pack.pack_id.hex()} under another's name")
        except BaseException:
            os.close(self._handle)
            self._handle = -1
            raise
        self._bases: dict[int, bytes] = {}
        self.firsts = list(accumulate(map(self.pack.frame_records, range(self.pack.frames)), initial=0))
        """The number of the first record of each frame, and of all."""
        self.prefixes: bytearray | None = None
        """What the index says of all records, 8 bytes each in their order, once `ends` found it whole."""
        self.index: PackIndex | None = None
        self.index_fault = ""
        try:
            self.index = PackIndex(map_file(folder / f"{name}.index"), self.pack.pack_id)
        except (ObjstoreError, OSError) as error:
            self.index_fault = reason_of(error)

    def __del__(self) -> None:
        if getattr(self, "_handle", -1) >= 0:
            os.close(self._handle)

    def ends(self) -> Iterator[Unsound]:
        """Faults of footer and index, without reading the frames but for their headers."""
        at, records = _HEAD, 0
        for number in range(self.pack.frames):
            try:
                start, stop = self.pack.frame_span(number)
                header = self.pack.frame_header(number)
                if start != at or header.records != self.pack.frame_records(number):
                    raise CorruptObject(None, "the footer does not fit the frame")
                at, records = stop, records + header.records
            except CorruptObject as error:
                yield Unsound(self.file, "pack", f"frame {number}: {error.reason}")
                return
        if records != self.pack.objects:
            yield Unsound(self.file, "pack", f"its frames hold {records} objects, its trailer says {self.pack.objects}")
        yield from self._index_faults()

    def _index_faults(self) -> Iterator[Unsound]:
        try:
            if self.index is None:
                raise CorruptObject(None, self.index_fault)
            self.index.check([self.pack.frame_records(number) for number in range(self.pack.frames)])
            self.prefixes = self._by_place(self.index)
        except CorruptObject as error:
            yield Unsound(self.index_file, "index", error.reason)

    def _by_place(self, index: PackIndex) -> bytearray:
        """The id prefixes of a sound index in the order of the records, 8 bytes each: one comparison for each record,
        where a search for it takes ten times as long."""
        firsts, prefixes = self.firsts, bytearray(PREFIX_SIZE * self.firsts[-1])
        for prefix, frame, record in index:
            at = PREFIX_SIZE * (firsts[frame] + record)
            prefixes[at : at + PREFIX_SIZE] = prefix
        return prefixes

    def open(self, number: int) -> Frame | None:
        """A frame, checked by its checksum and decompressed; None for a base, which has no records. CorruptObject."""
        if not self.pack.frame_records(number):
            self._base(number)
            return None
        return open_frame(number, self._bytes, self._base, self._codec)

    def _bytes(self, number: int) -> bytes:
        return self.pack.frame_data(number)

    def _base(self, number: int) -> bytes:
        text = self._bases.get(number)
        if text is None:
            text = self._codec.base_text(self._bytes(number))
            self._bases[number] = text
            if len(self._bases) > _BASES:  # Frames come in order: the oldest base is done with.
                self._bases.pop(min(self._bases), None)
        return text


def open_packs(
    folder: Path, rows: list[PackRow], hasher: Hasher, compression: Compression, dead: Mapping[str, Places]
) -> Iterator[PackReader | Unsound]:
    """The listed packs, opened one by one, or what keeps one from being opened; faults of sizes in the list too."""
    codec = FrameCodec(hasher, compression)
    for row in rows:
        try:
            reader = PackReader(folder, row.name, codec, dead.get(row.name, frozenset()))
        except FileNotFoundError:
            yield Unsound(f"packs/{row.name}.pack", "pack", f"it is gone, with {row.objects} objects")
            continue
        except (ObjstoreError, OSError) as error:
            yield Unsound(f"packs/{row.name}.pack", "pack", f"{reason_of(error)}; {_whole_frames(folder, row.name)}")
            continue
        if reader.pack.objects != row.objects:
            reason = f"it holds {reader.pack.objects} objects, the journal says {row.objects}"
            yield Unsound(reader.file, "journal", reason)
        yield reader


def _whole_frames(folder: Path, name: str) -> str:
    try:
        handle = os.open(folder / f"{name}.pack", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return error.strerror or str(error)
    try:
        count = sum(1 for _ in salvage(FileBuffer(handle, name)))
    finally:
        os.close(handle)
    return f"{count} of its frames are whole, and repair brings them back"


def journal_faults(journal: Journal, quick: bool) -> Iterator[Unsound]:
    """What SQLite itself finds wrong with the journal's file."""
    try:
        pragma = "quick_check" if quick else "integrity_check"
        for (text,) in journal.connection().execute(f"PRAGMA {pragma}(20)").fetchall():
            if text != "ok":
                yield Unsound(journal.path.name, "journal", text)
    except (sqlite3.Error, ObjstoreError) as error:
        yield Unsound(journal.path.name, "journal", reason_of(error))


def journal_pages(journal: Journal) -> Iterator[Rows | Unsound]:
    """The rows of the journal, page by page. What cannot be read is told, and the rest left out."""
    after = 0
    try:
        for rows in journal.pages("oid, kind, domain, data", after, _ROWS):
            yield rows
            after = rows[-1][0]
    except (sqlite3.Error, ObjstoreError) as error:
        yield Unsound(journal.path.name, "journal", f"objects behind row {after}: {reason_of(error)}")


def check_rows(journal: Journal, hasher: Hasher, rows: Rows) -> tuple[list[Sound], list[Unsound], int]:
    """The sound objects of a page, the faults, and the bytes that were read."""
    sound: list[Sound] = []
    faults: list[Unsound] = []
    size = 0
    for number, oid, kind, domain, data in rows:
        size += len(data) if isinstance(data, bytes) else 0
        fault = row_fault(journal.compression, hasher, (oid, kind, domain, data))
        if isinstance(fault, Sound):
            sound.append(fault)
        else:
            known = oid if isinstance(oid, bytes) and len(oid) == 32 else None
            faults.append(Unsound(journal.path.name, "object", f"row {number}: {fault}", known))
    return sound, faults, size


def row_fault(compression: Compression, hasher: Hasher, row: tuple[Any, Any, Any, Any]) -> Sound | str:
    """The object of a row of the journal, or what is wrong with it. Damage may leave other types than were written."""
    oid, kind, domain, data = row
    try:
        payload = compression.decode_row(oid, Kind(kind), data, _LARGEST)
        if domain != hasher.domain or hasher.oid(Kind(kind), payload) != oid:
            return "it does not hash to its id"
    except (CorruptObject, ValueError, TypeError, KeyError, IndexError) as error:
        return reason_of(error)
    return payload_fault(Kind(kind), payload) or Sound(Oid(oid), Kind(kind), len(payload))


def lister(storage: LocalStorage) -> Callable[[Oid], bool]:
    """Tells whether an index names an object: by the first eight bytes of its id in a pack, by all of it in the journal.

    For a quick look only; it reads no payload and so does not know whether the object is sound.
    """

    def lists(oid: Oid) -> bool:
        if any(pack.find(oid) for pack in storage.packs):
            return True
        return storage.journal.connection().execute(_LISTED, (oid[:8], oid)).fetchone() is not None

    return lists


def reason_of(error: BaseException) -> str:
    """An error's own words, without what to do about it."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return reason if isinstance(reason, str) and reason else str(error)
