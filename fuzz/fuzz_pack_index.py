"""Fuzz the reader of pack indexes: all faults are CorruptObject, and what checks is canonical.

Each input is tried as it is and once more under a right checksum.

python -m fuzz.fuzz_pack_index [ATHERIS OPTIONS] fuzz/corpus/pack_index     (without atheris: the corpus alone)
"""

from __future__ import annotations

from contextlib import suppress

from fuzz.harness import run, traced

with traced("objstore.packs"):
    from objstore.packs.pack_index import PackIndex, encode_index


from objstore.errors import CorruptObject
from objstore.objects.hashing import checksum

HEAD = 32
PACK_ID = bytes(range(16))


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    read(data)
    if len(data) >= HEAD + 16:
        head = data[: HEAD - 16] + PACK_ID
        read(head + checksum(head, data[HEAD + 16 :]) + data[HEAD + 16 :])


def read(data: bytes) -> None:
    """Look up what is there and what is not; compare with a new encoding if the index checks."""
    try:
        index = PackIndex(data, PACK_ID)
    except CorruptObject:
        return
    entries = list(index)
    assert len(entries) == len(index), "an index of another length than it says"
    for prefix, _, _ in [*entries[:50], (b"nowhere!", 0, 0)]:
        with suppress(CorruptObject):
            index.find(prefix + bytes(24))
        list(index.find_prefix(prefix[:2], odd_nibble=True))
    with suppress(CorruptObject):
        index.check()
        assert encode_index(PACK_ID, entries) == data, "an index has two encodings"
        for prefix, frame, record in entries:
            assert (frame, record) in index.find(prefix + bytes(24)), "an entry that is not found"


if __name__ == "__main__":
    run(check, "pack_index")
