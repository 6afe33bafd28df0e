"""Records of the intake: small transactions, objects and ref edits, as bytes that prove themselves.

    record       = head, transactions, checksum 16s
    head         = magic 4s, bytes of the record u32, sequence u64, checksum of the record before 16s, transactions u16
    transaction  = number u64, time i64, edits u16, objects u16, bytes of who u32, bytes of why u32,
                   who, why, edits, objects
    edit         = flags u8 (1: a step, 2: deletes), bytes of the name u16, bytes of the value u8, step u64, name, value
    object       = kind u8, bytes of the domain u8, bytes of the data u32, oid 32s, domain, data

All little-endian. `data` is a small record of packs.compression, always a raw one: the journal compresses. The file is written over from its start
again and again, so what follows the last record may be anything: a record counts if it is whole, its sequence is the
one that comes next, and it names the checksum of the record before it (zeros at the start of the file). What one flush
makes durable is one record, so that a torn one is always the last. Pure. Bytes: docs/format/store.md.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from objstore.objects.hashing import checksum
from refs.edits import ANY, Note, RefEdit

MAGIC = b"\x93ink"
CHECKSUM_SIZE = 16
START = bytes(CHECKSUM_SIZE)
"""What the first record of the file has for the checksum of the record before."""
MAX_RECORD = 1 << 20
"""Bytes; what is larger goes into the journal at once."""

_HEAD = struct.Struct("<4sIQ16sH")
_TRANSACTION = struct.Struct("<QqHHII")
_EDIT = struct.Struct("<BHBQ")
_OBJECT = struct.Struct("<BBI32s")
_STEP, _DELETES = 1, 2
_FAULTS = (struct.error, UnicodeDecodeError)

Row = tuple[bytes, int, bytes, bytes]
"""An object as the journal has it: oid, kind, domain, data."""


class Transaction(NamedTuple):
    """Objects and ref edits. Each edit goes with the step that it makes on its ref (0: none, as of a deletion of what
    is absent); expectations are not kept."""

    number: int
    note: Note
    edits: Sequence[tuple[RefEdit, int]]
    rows: Sequence[Row]


class Record(NamedTuple):
    """What one flush made durable. `checksum` is its own, which the next one names."""

    sequence: int
    before: bytes
    transactions: Sequence[Transaction]
    checksum: bytes
    size: int


def encode_record(sequence: int, before: bytes, transactions: Sequence[Transaction]) -> bytes:
    """The bytes of a record. ValueError: it takes more than MAX_RECORD. struct.error: more of something than fits."""
    parts: list[bytes] = [b""]
    for transaction in transactions:
        _encode_transaction(transaction, parts)
    size = _HEAD.size + sum(map(len, parts)) + CHECKSUM_SIZE
    if size > MAX_RECORD:
        raise ValueError(f"a record of {size} bytes; the limit is {MAX_RECORD}")
    parts[0] = _HEAD.pack(MAGIC, size, sequence, before, len(transactions))
    body = b"".join(parts)
    return body + checksum(body)


def _encode_transaction(transaction: Transaction, parts: list[bytes]) -> None:
    number, (who, why, when), edits, rows = transaction
    actor, reason = who.encode(), why.encode()
    parts += (_TRANSACTION.pack(number, when, len(edits), len(rows), len(actor), len(reason)), actor, reason)
    for (name, new, _, step), sequence in edits:
        text, value = name.encode(), new or b""
        flags = _STEP * step | _DELETES * (new is None)
        parts += (_EDIT.pack(flags, len(text), len(value), sequence), text, value)
    for oid, kind, domain, data in rows:
        parts += (_OBJECT.pack(kind, len(domain), len(data), oid), domain, data)


def record_size(head: bytes) -> int:
    """How many bytes the record takes that begins so; 0 where none begins."""
    return _HEAD.unpack_from(head)[1] if len(head) >= _HEAD.size and head.startswith(MAGIC) else 0


def decode_record(data: bytes, start: int = 0) -> Record | None:
    """The record that begins at `start`; None: there is none, or not a whole one."""
    if data[start : start + len(MAGIC)] != MAGIC or len(data) < start + _HEAD.size:
        return None
    _, size, sequence, before, count = _HEAD.unpack_from(data, start)
    last = start + size - CHECKSUM_SIZE
    if not _HEAD.size + CHECKSUM_SIZE <= size <= MAX_RECORD or start + size > len(data):
        return None
    own = data[last : start + size]
    if checksum(memoryview(data)[start:last]) != own:
        return None
    reader = _Reader(data, start + _HEAD.size, last)
    try:
        transactions = [reader.transaction() for _ in range(count)]
    except _FAULTS:
        return None  # Our checksum over bytes that are not ours.
    return Record(sequence, before, transactions, own, size) if reader.at == last else None


class _Reader:
    """Takes the fields of a record one after the other. struct.error: they end too soon."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data = data
        self._end = end
        self.at = at

    def take(self, size: int) -> bytes:
        """So many bytes."""
        self.at += size
        if self.at > self._end:
            raise struct.error("a field behind the end")
        return self._data[self.at - size : self.at]

    def transaction(self) -> Transaction:
        """A transaction."""
        number, when, edits, rows, who, why = _TRANSACTION.unpack(self.take(_TRANSACTION.size))
        note = Note(self.take(who).decode(), self.take(why).decode(), when)
        return Transaction(number, note, [self.edit() for _ in range(edits)], [self.row() for _ in range(rows)])

    def edit(self) -> tuple[RefEdit, int]:
        """An edit with its step."""
        flags, name_size, value_size, step = _EDIT.unpack(self.take(_EDIT.size))
        if flags & ~(_STEP | _DELETES) or bool(flags & _DELETES) != (value_size == 0):
            raise struct.error("no edit of ours")
        name, value = self.take(name_size).decode(), self.take(value_size)
        return RefEdit(name, None if flags & _DELETES else value, ANY, bool(flags & _STEP)), step

    def row(self) -> Row:
        """An object."""
        kind, domain_size, data_size, oid = _OBJECT.unpack(self.take(_OBJECT.size))
        return oid, kind, self.take(domain_size), self.take(data_size)
