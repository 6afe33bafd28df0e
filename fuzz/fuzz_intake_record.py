"""Fuzz the decoder of intake records: what is no record is None, what is one has one encoding.

A checksum would stop every mutation, so each input is tried as it is and once more under a right one.

python -m fuzz.fuzz_intake_record [ATHERIS OPTIONS] fuzz/corpus/intake_record     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.storage.local"):
    from objstore.storage.local.intake_record import decode_record, encode_record

from objstore.objects.hashing import checksum


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    read(data)
    if len(data) >= 24:
        body = data[:4] + (len(data)).to_bytes(4, "little") + data[8:-16]
        read(body + checksum(body))


def read(data: bytes) -> None:
    """Decode, and encode again."""
    record = decode_record(data)
    if record is not None:
        again = encode_record(record.sequence, record.before, record.transactions)
        assert again == data[: record.size], "a record with another encoding"


if __name__ == "__main__":
    run(check, "intake_record")
