"""The bundle codec: pinned bytes, one encoding, and refusal of everything else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from objstore.errors import CorruptObject
from objstore.objects.codec import encode_fields
from objstore.objects.events import encode_event
from objstore.objects.hashing import PLAIN_HASHER, checksum
from objstore.objects.kinds import Kind, Object, Oid
from objstore.packs.bundle import (
    BUNDLE_MAGIC,
    BundleHeader,
    BundleReader,
    BundleWriter,
    decode_bundle_header,
    encode_header,
)

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "bundles"
ONE, TWO = Oid(bytes(range(32))), Oid(bytes(range(32, 64)))
HEADER = BundleHeader((("conversations/ä", ONE), ("tags/v1", TWO)), (ONE, TWO))


def objects() -> list[Object]:
    return [
        PLAIN_HASHER.object(Kind.EVENT, encode_event({"role": "user", "n": number}, bytes([number]) * 16))
        for number in range(3)
    ]


def written(header: BundleHeader, groups: list[list[Object]]) -> bytes:
    out = io.BytesIO()
    writer = BundleWriter(out.write, header)
    for group in groups:
        writer.add(group)
    assert writer.finish() == len(out.getvalue())
    return out.getvalue()


def read(data: bytes) -> tuple[BundleHeader, list[Object]]:
    reader = BundleReader(io.BytesIO(data).read, PLAIN_HASHER)
    return reader.header, [frame.object(number) for frame in reader.frames() for number in range(len(frame))]


def test_a_bundle_reads_back_as_it_was_written() -> None:
    made = objects()
    assert read(written(HEADER, [made[:1], made[1:]])) == (HEADER, made)
    assert read(written(BundleHeader((), ()), [])) == (BundleHeader((), ()), [])


@pytest.mark.parametrize("name", ["empty", "events"])
def test_golden_bundles_are_still_read(name: str) -> None:
    header, found = read((GOLDEN / f"{name}.bundle").read_bytes())
    assert (header, found) == ((BundleHeader((), ()), []) if name == "empty" else (HEADER, objects()))
    if name == "empty":  # nothing is compressed in it, so that its bytes do not hang on zstd's version
        assert written(header, []) == (GOLDEN / "empty.bundle").read_bytes()


def test_every_cut_and_every_flipped_byte_is_refused() -> None:
    data = written(HEADER, [objects()])
    for at in range(len(data)):
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            with pytest.raises(CorruptObject):
                read(bad)
    with pytest.raises(CorruptObject, match="behind the end"):
        read(data + b"\0")


@pytest.mark.parametrize(
    "fields",
    [
        [2, [], [], 0],
        [1, [], [], 1],
        [True, [], [], 0],
        [1, [], []],
        [1, {}, [], 0],
        [1, [["b", ONE], ["a", ONE]], [], 0],
        [1, [["a", ONE], ["a", TWO]], [], 0],
        [1, [["a", b"short"]], [], 0],
        [1, [["", ONE]], [], 0],
        [1, [["a"]], [], 0],
        [1, [[1, ONE]], [], 0],
        [1, [], [TWO, ONE], 0],
        [1, [], [ONE, ONE], 0],
        [1, [], [1], 0],
    ],
)
def test_a_header_that_is_not_canonical_is_refused(fields: list[object]) -> None:
    with pytest.raises(CorruptObject):
        decode_bundle_header(encode_fields(fields))  # type: ignore[arg-type]


def test_a_header_out_of_order_is_not_written() -> None:
    for header in (BundleHeader((("b", ONE), ("a", ONE)), ()), BundleHeader((), (TWO, ONE))):
        with pytest.raises(ValueError, match="in order"):
            encode_header(header)


def test_another_version_and_a_vast_header_are_refused_before_they_are_read() -> None:
    start = bytearray(written(BundleHeader((), ()), []))
    start[8] = 2
    with pytest.raises(CorruptObject, match="version 2"):
        read(bytes(start))
    vast = BUNDLE_MAGIC + b"\x01\x00" + b"\xff" * 4
    with pytest.raises(CorruptObject, match="bytes"):
        read(vast + checksum(vast))
