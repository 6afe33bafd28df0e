"""Records of the intake. A changed golden file means a new format version, never an edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.storage.local.intake_record import (
    MAX_RECORD,
    START,
    Transaction,
    decode_record,
    encode_record,
    record_size,
)
from refs.edits import ANY, Note, RefEdit

GOLDEN = Path(__file__).parents[2] / "golden" / "intake" / "record.hex"
EXAMPLE = [
    Transaction(
        256,
        Note("ada", "append", 1_700_000_000_000_000),
        [(RefEdit("conversations/c", b"\x07" * 32, ANY, True), 3), (RefEdit("tags/é", None, ANY), 0)],
        [(b"\x01" * 32, 5, b"", b"\x00an event"), (b"\x02" * 32, 4, b"d" * 16, b"\x00a commit")],
    ),
    Transaction(257, Note("", "", -1), [], []),
]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EDITS = st.tuples(
    st.builds(RefEdit, TEXT, st.none() | st.binary(min_size=1, max_size=40), st.just(ANY), st.booleans()),
    st.integers(0, 1 << 40),
)
ROWS = st.tuples(
    st.binary(min_size=32, max_size=32), st.integers(0, 255), st.sampled_from([b"", b"d" * 16]), st.binary(max_size=60)
)
TRANSACTIONS = st.lists(
    st.builds(
        Transaction,
        st.integers(0, (1 << 63) - 1),
        st.builds(Note, TEXT, TEXT, st.integers(-(1 << 63), (1 << 63) - 1)),
        st.lists(EDITS, max_size=3),
        st.lists(ROWS, max_size=3),
    ),
    max_size=3,
)


def test_a_record_has_the_golden_bytes() -> None:
    data = bytes.fromhex(GOLDEN.read_text())
    assert encode_record(9, b"\x11" * 16, EXAMPLE) == data
    record = decode_record(data)
    assert record is not None
    assert (record.sequence, record.before, record.size) == (9, b"\x11" * 16, len(data))
    assert record.transactions == EXAMPLE
    assert record.checksum == data[-16:]


@given(TRANSACTIONS, st.integers(0, (1 << 64) - 1), st.binary(max_size=9), st.binary(max_size=9))
def test_a_record_is_read_as_it_was_written_wherever_it_stands(
    transactions: list[Transaction], sequence: int, ahead: bytes, behind: bytes
) -> None:
    data = encode_record(sequence, START, transactions)
    record = decode_record(ahead + data + behind, len(ahead))
    assert record is not None
    assert (record.sequence, list(record.transactions), record.size) == (sequence, transactions, len(data))
    assert record_size(data) == len(data)
    assert encode_record(record.sequence, record.before, record.transactions) == data


def test_no_record_with_a_bit_flipped_or_cut_off_is_one() -> None:
    data = encode_record(9, START, EXAMPLE)
    for at in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        assert decode_record(bytes(flipped)) is None
    for size in range(len(data)):
        assert decode_record(data[:size]) is None


def test_what_is_too_large_for_a_record_is_refused() -> None:
    row = (b"\x01" * 32, 1, b"", bytes(MAX_RECORD))
    with pytest.raises(ValueError, match="limit"):
        encode_record(1, START, [Transaction(1, Note("", "", 0), [], [row])])
