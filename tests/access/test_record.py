"""Records of the log of access, as bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.access.record import NO_RECORD, AuditRecord, cut, decode_record, encode_record, record_hash
from objstore.errors import CorruptObject

GOLDEN = Path(__file__).parents[1] / "golden" / "access-record.json"
SAMPLE = AuditRecord(
    1,
    NO_RECORD,
    1_700_000_000_000_000,
    "ada",
    "0123456789abcdef",
    "refuse",
    "conversations/c1",
    "",
    "append",
    "AccessDenied",
    "7f3a",
)
TEXTS = st.text(max_size=40).map(cut)
NUMBERS = st.integers(0, (1 << 63) - 1)
RECORDS = st.builds(AuditRecord, NUMBERS, st.binary(min_size=32, max_size=32), NUMBERS, *[TEXTS] * 8)


def test_the_bytes_and_the_hash_are_pinned() -> None:
    data = encode_record(SAMPLE)
    assert GOLDEN.read_bytes() == data + b"\n" + record_hash(data).hex().encode() + b"\n"


@given(RECORDS)
def test_a_record_is_read_as_it_was_written(record: AuditRecord) -> None:
    assert decode_record(encode_record(record)) == record


@given(st.binary(max_size=400))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptObject):
        decode_record(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"ada"', b"7"),
        (b'"ada"', b'"' + b"a" * 1025 + b'"'),
        (b'"sequence":1', b'"sequence":true'),
        (b'"sequence":1', b'"sequence":-1'),
        (b'"sequence":1', b'"sequence": 1'),
        (b'"time"', b'"tame"'),
        (b"0000", b"00"),
        (b"{", b"[" * 100_000),
    ],
)
def test_what_no_writer_writes_is_refused(old: bytes, new: bytes) -> None:
    data = encode_record(SAMPLE)
    assert old in data
    with pytest.raises(CorruptObject):
        decode_record(data.replace(old, new, 1))
