"""The intake: small transactions, durable in a file of their own before the journal takes them up, many at a time.

A transaction on the journal dirties pages all over its file, and each costs; a record of the intake is one write and
one flush. So an append lands here, is seen here by everybody (`rows`, `pending`), and goes into the journal together
with a few hundred others, or with the next transaction that needs the journal itself: `take_up`, as part of which the
journal notes in `intake_mark` how far it got. The journal and the records after its mark are the store.

Whoever holds the writers' lock writes. The lock file tells everybody how far the intake is durable and taken up
(`lock.State`). When all is taken up the file is written over from its start. Bytes: docs/format/store.md.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence

from objstore.objects.kinds import Object
from objstore.packs.compression import Compression
from objstore.storage.local.intake_file import IntakeFile, Unsynced
from objstore.storage.local.intake_record import (
    START,
    Record,
    Row,
    Transaction,
    decode_record,
    encode_record,
    record_size,
)
from objstore.storage.local.lock import FileLock, State
from refs.edits import Note, RefEdit
from refs.pending import PendingRefs
from refs.rules import check_expectation
from refs.sqlite import SqliteRefs

SCHEMA = """
CREATE TABLE IF NOT EXISTS intake_mark (id INTEGER PRIMARY KEY CHECK (id = 1), taken INTEGER NOT NULL);
INSERT OR IGNORE INTO intake_mark (id, taken) VALUES (1, 0);
"""
MARK = "SELECT taken FROM intake_mark WHERE id = 1"
SET_MARK = "UPDATE intake_mark SET taken = ? WHERE id = 1"

MOST_RECORDS = 256
MOST_BYTES = 1 << 20
MOST_AT_ONCE = 256 << 10
MOST_OF_ONE = 64 << 10
"""Bytes, about: of one flush, and of one transaction. What is larger goes into the journal at once."""

_ROW, _EDIT = 64, 400  # Bytes beside an object's payload, and of an edit with a name of ordinary length.

_READ = 8 << 10

Wanted = tuple[Sequence[RefEdit], Note, Sequence[Row]]
"""A transaction that somebody would like to make."""


def is_small(objects: Sequence[Object], edits: Sequence[RefEdit], note: Note) -> bool:
    """Whether a transaction is one for the intake."""
    words = len(note.who) + len(note.why)
    return sum(len(obj.payload) + _ROW for obj in objects) + _EDIT * len(edits) + words <= MOST_OF_ONE


def _weight(wanted: Wanted) -> int:
    """About how many bytes a transaction takes in the file."""
    edits, (who, why, _), rows = wanted
    return sum(len(row[3]) + _ROW for row in rows) + _EDIT * len(edits) + 4 * (len(who) + len(why))


def quick_rows(objects: Iterable[Object], compression: Compression) -> list[Row]:
    """The rows of objects as the intake has them."""
    return [(oid, kind, domain, compression.quick_row(oid, kind, payload)) for oid, kind, payload, domain in objects]


class Intake:
    """What is durable and not yet in the journal. Reading is for any thread; writing for who holds the writers' lock."""

    def __init__(
        self, file: IntakeFile, lock: FileLock, generation: int, ground: SqliteRefs, refresh: Callable[[], object]
    ) -> None:
        """`ground` are the refs of the journal; `refresh` sees to it that `follow` is called when there is news."""
        self._file = file
        self._lock_file = lock
        self._generation = generation
        self._ground = ground
        self._lock = threading.Lock()
        self._end = 0  # Where the next record goes.
        self._before = START  # The checksum of the record before it.
        self._sequence = 0  # Of the last record.
        self._number = 0  # Of its last transaction; 0 where the journal has to be asked.
        self._taken = 0
        self._changes = 0  # As the lock file has it: of no meaning but that it rises.
        self.rows: dict[bytes, Row] = {}
        """Objects by id, as the journal would have them."""
        self.pending = PendingRefs(ground, refresh)
        """Refs as they are with what is pending."""
        self.stated = b""
        """What the lock file says if there is no news."""

    def __len__(self) -> int:
        return self._sequence - self._taken

    @property
    def state(self) -> State:
        """What the lock file should say."""
        return State(self._generation, False, self._taken, self._sequence, self._changes)

    def has_room(self, wanted: Sequence[Wanted]) -> bool:
        """Whether these fit in; if not, it is time that the journal took the intake up."""
        if len(self) >= MOST_RECORDS or self._end >= MOST_BYTES:
            return False
        return len(wanted) == 1 or sum(map(_weight, wanted)) <= MOST_AT_ONCE

    # Following

    def load(self, taken: int, changes: int) -> None:
        """Read the whole file: the records after `taken`, the last that the journal has taken up. `changes` is what
        the lock file says."""
        with self._lock:
            self._reset(taken)
            self._changes = changes
            self._read_from_start()
            self.stated = self.state.encoded()

    def follow(self, state: State) -> None:
        """Take notice of what the lock file says."""
        with self._lock:
            if state.taken < self._taken or state.durable < self._sequence or state.changes < self._changes:
                return  # It has been read before somebody else of this process took notice of more.
            self._changes = state.changes
            if state.taken > self._taken:
                self._reset(state.taken)
                if state.durable > state.taken:
                    self._read_from_start(state.durable)
            while self._sequence < state.durable:
                record = self._record_at(self._end)
                if record is None or not self._is_next(record):
                    break  # It is being written over: what we have is how it was a moment ago.
                self._add(record, self._end + record.size)
            self.stated = self.state.encoded()

    def _reset(self, taken: int) -> None:
        self.rows = {}
        self.pending.clear()
        self._end = self._number = 0
        self._before = START
        self._sequence = self._taken = taken

    def _read_from_start(self, durable: int | None = None) -> None:
        """Add the records after those taken up, up to `durable`. Where there are none the file begins anew."""
        data, at, last = self._file.read_all(), 0, None
        while durable is None or self._sequence < durable:
            record = decode_record(data, at)
            if record is None:
                return
            if last is None:
                if record.before != START or record.sequence > self._taken + 1:
                    return
            elif record.before != last.checksum or record.sequence != last.sequence + 1:
                return
            last, at = record, at + record.size
            if record.sequence > self._taken:
                self._add(record, at)

    def _record_at(self, start: int) -> Record | None:
        data = self._file.read(start, _READ)
        if record_size(data) > len(data):
            data = self._file.read(start, record_size(data))
        return decode_record(data)

    def _is_next(self, record: Record) -> bool:
        return record.sequence == self._sequence + 1 and record.before == self._before

    def _add(self, record: Record, end: int) -> None:
        for number, note, edits, rows in record.transactions:
            # Objects first: who sees the ref must find what it names.
            self.rows.update((row[0], row) for row in rows)
            if edits:
                self.pending.add(number, edits, note)
                self._number = number
        self._sequence, self._before, self._end = record.sequence, record.checksum, end

    # Writing

    def plan(self, wanted: Sequence[Wanted]) -> Iterator[Transaction | Exception]:
        """For each a transaction on top of those before it, or the conflict because of which it cannot be made."""
        number = self._number
        values: dict[str, tuple[bytes | None, int]] = {}
        for edits, note, rows in wanted:
            made: dict[str, tuple[bytes | None, int]] = {}
            steps: list[tuple[RefEdit, int]] = []
            try:
                for edit in edits:
                    value, last = values.get(edit.name) or self.pending.value(edit.name)
                    check_expectation(edit, value)
                    changes = edit.new is not None or value is not None
                    steps.append((edit, last + 1 if changes else 0))
                    made[edit.name] = (edit.new, last + changes)
            except Exception as conflict:  # noqa: BLE001 - it belongs to whom it is about
                yield conflict
                continue
            values.update(made)
            if edits:
                number = number + 1 if number else self._ground.next_number()
            yield Transaction(number if edits else 0, note, steps, rows)

    def write(self, transactions: Sequence[Transaction]) -> None:
        """Make planned transactions durable, then seen. OSError, Unsynced: as `IntakeFile.write` and `publish`."""
        data = encode_record(self._sequence + 1, self._before, transactions)
        self._file.write(self._end, data)
        record = Record(self._sequence + 1, self._before, transactions, data[-len(START) :], len(data))
        with self._lock:
            self._add(record, self._end + len(data))
        self.publish()

    def take_up(self, connection: sqlite3.Connection, insert: Callable[[Sequence[Row]], object]) -> int:
        """Bring everything into the journal, in the caller's write transaction; the sequence of the last record.

        Once that is committed, `taken_up` has to be called with it.
        """
        mark: int = connection.execute(MARK).fetchone()[0]
        if mark != self._taken:  # Somebody died after the journal had them and before it was said.
            self.load(mark, self._changes)
            self.publish()
        if len(self):
            insert(list(self.rows.values()))
            if self._number:
                self._ground.take_up_in(connection, self.pending.logs(), self._number)
            connection.execute(SET_MARK, (self._sequence,))
        return self._sequence

    def taken_up(self, sequence: int) -> None:
        """A transaction on the journal has been committed, and it has everything up to this record."""
        with self._lock:
            if sequence != self._taken:
                self._reset(sequence)
            self._changes += 1
        self.publish()

    def sync(self) -> None:
        """Make durable what somebody may have left without a flush, and say so. OSError."""
        self._file.sync()
        self.publish()

    def publish(self) -> None:
        """Let the lock file say how far the intake is. Unsynced: it cannot be said, so others would not go by it."""
        self.stated = self.state.encoded()
        try:
            self._lock_file.state_it(self.stated)
        except OSError as error:
            raise Unsynced(error.errno, error.strerror) from error

    def give_back(self) -> None:
        """Give the file's room back where nothing is in it, under the writers' lock."""
        if not len(self):
            self._file.empty()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
