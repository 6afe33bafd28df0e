"""Fuzz the reader of packs and their salvage: all faults are CorruptObject, frames lie within the file.

Each input is tried as it is and once more under a right checksum of the footer.

python -m fuzz.fuzz_pack [ATHERIS OPTIONS] fuzz/corpus/pack     (without atheris: the corpus alone)
"""

from __future__ import annotations

from contextlib import suppress

from fuzz.harness import run, traced

with traced("objstore.packs"):
    from objstore.packs.frame_header import check_frame
    from objstore.packs.pack import END_MAGIC, ID_SIZE, Pack, salvage


from objstore.errors import CorruptObject
from objstore.objects.hashing import checksum

HEAD = 10 + ID_SIZE
TRAILER = 20


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    read(data)
    end = len(data) - TRAILER - 16 - len(END_MAGIC)
    if end >= HEAD:
        trailer = data[end : end + TRAILER]
        footer = int.from_bytes(trailer[:8], "little")
        right = checksum(data[:HEAD], data[footer:end], trailer)
        read(data[: end + TRAILER] + right + END_MAGIC)
    for offset, frame in salvage(data):
        assert data[offset : offset + len(frame)] == frame, "a salvaged frame from elsewhere"
        check_frame(frame)


def read(data: bytes) -> None:
    """Read what a pack says of its first frames, and check it."""
    try:
        pack = Pack(data, "fuzz")
    except CorruptObject:
        return
    for number in range(min(pack.frames, 100)):
        with suppress(CorruptObject):
            start, stop = pack.frame_span(number)
            assert 0 <= start < stop <= len(data), "a frame outside the file"
            assert pack.frame_data(number) == data[start:stop], "another frame's bytes"
    with suppress(CorruptObject):
        pack.check()


if __name__ == "__main__":
    run(check, "pack")
