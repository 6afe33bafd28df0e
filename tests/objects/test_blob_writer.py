"""Blobs written piece by piece, and added to: the same objects as of all bytes at once."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.objects.blob_writer import BlobWriter, append_to_blob
from objstore.objects.blobs import WHOLE_LIMIT, read_blob, write_blob
from objstore.objects.hashing import PLAIN_HASHER, Domain, Hasher
from objstore.objects.kinds import Object, Oid

KEYED = Hasher(Domain(b"d" * 16), b"i" * 32, b"c" * 32)
SIZES = st.one_of(st.integers(0, 2000), st.integers(60_000, 70_000), st.integers(0, 3_000_000))


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("hasher", [PLAIN_HASHER, KEYED])
@settings(deadline=None, max_examples=25)
@given(sizes=st.lists(SIZES, max_size=4), seed=st.integers(0, 1 << 16))
def test_a_blob_written_in_pieces_is_the_blob_of_all_of_them(hasher: Hasher, sizes: list[int], seed: int) -> None:
    pieces = [noise(size, seed + number) for number, size in enumerate(sizes)]
    ours: dict[Oid, Object] = {}
    theirs: dict[Oid, Object] = {}
    writer = BlobWriter(hasher, lambda obj: ours.__setitem__(obj.oid, obj))
    for piece in pieces:
        writer.write(memoryview(piece))
    whole = b"".join(pieces)
    assert writer.finish() == write_blob(whole, hasher, lambda obj: theirs.__setitem__(obj.oid, obj))
    assert ours == theirs


@settings(deadline=None, max_examples=40)
@given(old=SIZES, new=SIZES, seed=st.integers(0, 1 << 16))
def test_a_blob_that_is_added_to_is_the_blob_of_both(old: int, new: int, seed: int) -> None:
    before, after = noise(old, seed), noise(new, seed + 1)
    kept: dict[Oid, Object] = {}

    def write(obj: Object) -> None:
        kept[obj.oid] = obj

    oid, _ = write_blob(before, PLAIN_HASHER, write)
    made = append_to_blob(oid, after, PLAIN_HASHER, kept.__getitem__, write)
    assert made == write_blob(before + after, PLAIN_HASHER, lambda _: None)
    assert read_blob(made[0], kept.__getitem__) == before + after


def test_adding_to_a_large_blob_reads_its_last_chunk_alone_and_writes_little() -> None:
    kept: dict[Oid, Object] = {}
    oid, size = write_blob(noise(20_000_000, 1), PLAIN_HASHER, lambda obj: kept.__setitem__(obj.oid, obj))
    read = 0
    fresh: list[Object] = []

    def read_object(wanted: Oid) -> Object:
        nonlocal read
        read += len(kept[wanted].payload)
        return kept[wanted]

    _, total = append_to_blob(oid, b"x" * 100, PLAIN_HASHER, read_object, fresh.append)
    assert total == size + 100
    assert read < 300_000
    assert sum(len(obj.payload) for obj in fresh) < 300_000


def test_a_large_blob_is_written_in_bounded_memory() -> None:
    largest = 0

    def write(obj: Object) -> None:
        nonlocal largest
        largest = max(largest, len(writer._held))

    writer = BlobWriter(PLAIN_HASHER, write)
    writer.write(noise(30_000_000, 2))
    writer.finish()
    assert WHOLE_LIMIT < largest <= 3 << 20
