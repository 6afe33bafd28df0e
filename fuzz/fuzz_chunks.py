"""Fuzz chunk lists: any bytes are a list that encodes to the same bytes again, or CorruptObject.

The bytes are also taken for the root of a blob whose pieces are chunks or the same list again: reading ends, with the
bytes or with CorruptObject.

python -m fuzz.fuzz_chunks [ATHERIS OPTIONS] fuzz/corpus/chunks     (without atheris: the corpus alone)
"""

from __future__ import annotations

from itertools import islice

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.blobs import blob_chunks, blob_objects, blob_size, read_range
    from objstore.objects.chunk_list import decode_chunk_list, encode_chunk_list

from objstore.errors import CorruptObject
from objstore.objects.kinds import Kind, Object, Oid


def check(data: bytes) -> None:
    """One execution."""
    root = Object(Oid(bytes(32)), Kind.CHUNKS, data)

    def read(oid: Oid) -> Object:
        if oid[-1] % 2:
            return Object(oid, Kind.BLOB, bytes(oid[0]))
        return root if oid == root.oid else Object(oid, Kind.CHUNKS, data)

    for use in (
        lambda: blob_size(root.oid, read),
        lambda: list(islice(blob_chunks(root.oid, read), 1000)),
        lambda: list(islice(blob_objects(root.oid, read), 1000)),
        lambda: read_range(root.oid, 5, 300, read),
    ):
        try:
            use()
        except CorruptObject:
            continue
    try:
        found = decode_chunk_list(data)
    except CorruptObject:
        return
    assert encode_chunk_list(found.level, list(found.sizes), found.oids) == data
    assert sum(size for _, size in found.pieces()) == found.total
    assert list(found.pieces_in(0, found.total))[-1][2] + found.sizes[-1] == found.total


if __name__ == "__main__":
    run(check, "chunks")
