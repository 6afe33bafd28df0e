"""An anchor: a signed checkpoint with all its heads in one file, to be kept where whoever may write the store cannot.

    objstore anchor
    format 1
    checkpoint 226 hex digits
    signature 194 hex digits
    heads number
    a line of JSON for each head, by name: [name, last, value in hex or null, ended, chain in hex]
    end

A store that was cut off, rewritten or put back since then does not fit it any more.
Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

import json
import re
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, NamedTuple, cast

from objstore.errors import CorruptObject
from objstore.keys.checkpoint import Checkpoint, decode_checkpoint
from objstore.keys.heads import Head, bucket_digest, bucket_of, root_of
from objstore.keys.signature import decode_signature
from objstore.storage.local.folder import write_durably

MAX_ANCHOR_BYTES: Final = 1 << 28
_FORM: Final = re.compile(
    rb"objstore anchor\nformat 1\ncheckpoint ([0-9a-f]{226})\nsignature ([0-9a-f]{194})\nheads (0|[1-9][0-9]{0,9})\n"
)
_END: Final = b"end\n"
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_NUMBERS: Final = range(-(1 << 63), 1 << 63)
_MAX_VALUE: Final = 255


class Anchor(NamedTuple):
    """The encoded checkpoint and signature, and the heads that the checkpoint covers, by name."""

    body: bytes
    signature: bytes
    heads: tuple[Head, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint."""
        return decode_checkpoint(self.body)


class Anchored(NamedTuple):
    """An anchor that was written: of which checkpoint, with how many heads, and the bytes of the file."""

    number: int
    heads: int
    size: int


def write_anchor(path: Path, anchor: Anchor) -> Anchored:
    """Write an anchor to a file, whole or not at all. OSError."""
    data = encode_anchor(anchor)
    write_durably(path, data)
    return Anchored(anchor.checkpoint.number, len(anchor.heads), len(data))


def read_anchor(path: Path) -> Anchor:
    """The anchor in a file. CorruptObject, OSError."""
    with path.open("rb") as file:
        return decode_anchor(file.read(MAX_ANCHOR_BYTES + 1))


def encode_anchor(anchor: Anchor) -> bytes:
    """The bytes of the file."""
    first = (
        f"objstore anchor\nformat 1\ncheckpoint {anchor.body.hex()}\nsignature {anchor.signature.hex()}\n"
        f"heads {len(anchor.heads)}\n"
    )
    lines = [json.dumps([h.name, h.last, h.value and h.value.hex(), h.ended, h.chain.hex()]) for h in anchor.heads]
    return "".join((first, *(f"{line}\n" for line in lines), "end\n")).encode("ascii")


def decode_anchor(data: bytes) -> Anchor:
    """The anchor, whose heads are those of its checkpoint; the signature is not verified. CorruptObject."""
    found = _FORM.match(data)
    if found is None or len(data) > MAX_ANCHOR_BYTES:
        raise CorruptObject(None, "no anchor of format 1")
    if not data.endswith(b"\n" + _END):
        raise CorruptObject(None, "an anchor that is cut short")
    lines = data[found.end() : -len(_END)].split(b"\n")[:-1]
    if len(lines) != int(found[3]):
        raise CorruptObject(None, f"an anchor of {len(lines)} heads that says it has {int(found[3])}")
    heads = tuple(_head(line) for line in lines)
    anchor = Anchor(bytes.fromhex(found[1].decode()), bytes.fromhex(found[2].decode()), heads)
    decode_signature(anchor.signature)
    names = [head.name for head in heads]
    if any(a >= b for a, b in pairwise(names)) or encode_anchor(anchor) != data:
        raise CorruptObject(None, "an anchor in another than its canonical form")
    checkpoint = anchor.checkpoint
    if checkpoint.heads != len(heads) or checkpoint.root != _root(heads):
        raise CorruptObject(None, "an anchor whose heads are not those of its checkpoint")
    return anchor


def _root(heads: tuple[Head, ...]) -> bytes:
    keyed = sorted(((bucket_of(head.name), head) for head in heads), key=lambda pair: pair[0])
    grouped = groupby(keyed, key=lambda pair: pair[0])
    return root_of({bucket: bucket_digest(head for _, head in group) for bucket, group in grouped})


def _head(line: bytes) -> Head:
    try:
        fields: object = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, list) and len(cast("list[object]", fields)) == 5:
        name, last, value, ended, chain = cast("list[object]", fields)
        if (
            isinstance(name, str)
            and 0 < len(name.encode("utf-8", "surrogatepass")) < 1 << 16
            and type(last) is int
            and 0 < last < _NUMBERS.stop
            and (value is None or _is_hex(value, 1, _MAX_VALUE))
            and type(ended) is int
            and ended in _NUMBERS
            and _is_hex(chain, 32, 32)
        ):
            given = None if value is None else bytes.fromhex(str(value))
            return Head(name, last, given, ended, bytes.fromhex(str(chain)))
    raise CorruptObject(None, "an anchor with a line that is no head")


def _is_hex(value: object, least: int, most: int) -> bool:
    return isinstance(value, str) and least <= len(value) // 2 <= most and _HEX.fullmatch(value) is not None
