"""A checkpoint: what is signed about a store at a moment.

    magic "OSCP" ‖ version: 1 ‖ store: 16 ‖ epoch: 4 ‖ number: 8 ‖ previous: 32 ‖ time: 8 ‖ heads: 8 ‖ root: 32

Numbers are big-endian, 113 bytes in all. `previous` is the digest of the checkpoint before (zeros: there is none), so a
store has one line of them. Encoding and decoding alone. Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.hashing import derive_key

MAGIC: Final = b"OSCP"
VERSION: Final = 1
NO_PREVIOUS: Final = bytes(32)

_FORM: Final = Struct(">4sB16sIQ32sqQ32s")
CHECKPOINT_BYTES: Final = _FORM.size
_DIGEST: Final = "objstore 2026-11-24 checkpoint: digest"


class Checkpoint(NamedTuple):
    """The `number`th checkpoint of a store (its id) in an epoch: `heads` refs, their `root`, made at `time` (µs)."""

    store: bytes
    epoch: int
    number: int
    previous: bytes
    time: int
    heads: int
    root: bytes

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands among the checkpoints of its store: a later one has a greater place."""
        return self.epoch, self.number


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The bytes that are signed."""
    return _FORM.pack(MAGIC, VERSION, *checkpoint)


def decode_checkpoint(data: bytes) -> Checkpoint:
    """What the bytes say. CorruptObject: they are no checkpoint."""
    if len(data) != CHECKPOINT_BYTES:
        raise CorruptObject(None, f"a checkpoint of {len(data)} bytes; {CHECKPOINT_BYTES} are right")
    magic, version, *fields = _FORM.unpack(data)
    if magic != MAGIC or version != VERSION:
        raise CorruptObject(None, f"no checkpoint of version {VERSION}")
    checkpoint = Checkpoint(*fields)
    if checkpoint.number == 0:
        raise CorruptObject(None, "a checkpoint of number 0, which there is not")
    return checkpoint


def checkpoint_digest(data: bytes) -> bytes:
    """What a checkpoint is known by: 32 bytes over its encoding."""
    return derive_key(_DIGEST, data)
