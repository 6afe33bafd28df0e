"""The log of access: changes of grants and tokens, and refusals, each record chained to the one before it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from objstore.access.database import AccessDatabase
from objstore.access.record import NO_RECORD, AuditRecord, cut, decode_record, encode_record, record_hash
from objstore.errors import BrokenAudit, CorruptObject

_PAGE: Final = 256
_EACH_SECOND: Final = 10
"""Refusals written in a second; the others are counted, so that a flood of bad requests does not fill the disk."""


class Actor(NamedTuple):
    """Who does something: a principal, by which token ("" on the machine itself), in which request."""

    principal: str
    token: str = ""
    request: str = ""


class AuditHead(NamedTuple):
    """How far the log goes: note it elsewhere, and a log that was cut or written anew shows."""

    sequence: int
    hash: bytes


class AuditLog:
    """The records of one database. Safe between threads and processes."""

    def __init__(self, database: AccessDatabase, now: Callable[[], int]) -> None:
        """`now`: the time in µs since 1970."""
        self._database = database
        self._now = now
        self._counting = threading.Lock()
        self._second = 0
        self._written = 0
        self._left_out = 0

    def add(self, connection: sqlite3.Connection, who: Actor, action: str, subject: str, **facts: str) -> None:
        """Append a record within a transaction. `facts`: `old`, `new`, `result` ("done")."""
        last = connection.execute("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
        sequence, previous = (1, NO_RECORD) if last is None else (last[0] + 1, last[1])
        texts = {name: cut(facts.get(name, "")) for name in ("old", "new")}
        record = AuditRecord(
            sequence=sequence,
            previous=previous,
            time=self._now(),
            principal=cut(who.principal),
            token=cut(who.token),
            action=action,
            subject=cut(subject),
            result=cut(facts.get("result", "done")),
            request=cut(who.request),
            **texts,
        )
        data = encode_record(record)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?)", (sequence, record_hash(data), data))

    def refuse(self, who: Actor, wanted: str, ref: str, result: str) -> None:
        """Record that something was refused: at most ten a second, the next one says how many were left out."""
        with self._counting:
            second = self._now() // 1_000_000
            if second != self._second:
                self._second, self._written = second, 0
            if self._written >= _EACH_SECOND:
                self._left_out += 1
                return
            self._written += 1
            left_out, self._left_out = self._left_out, 0
        old = f"{left_out} more were refused before" if left_out else ""
        with self._database.writing() as connection:
            self.add(connection, who, "refuse", ref, old=old, new=wanted, result=result)

    def records(self, after: int = 0, limit: int | None = None) -> Iterator[AuditRecord]:
        """The records behind the number `after`, oldest first, at most `limit`. CorruptObject."""
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            with self._database.reading() as connection:
                rows = connection.execute(
                    "SELECT record FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, size)
                ).fetchall()
            for (data,) in rows:
                record = decode_record(data)
                after = record.sequence
                yield record
            if len(rows) < size:
                return
            left = None if left is None else left - len(rows)

    def verify(self, known: AuditHead | None = None) -> AuditHead:
        """Read the log from end to end; how far it goes. `known`: what an earlier call gave, which must still be in it.

        BrokenAudit: a record was altered, left out or put in, or the log no longer holds what is known of it.
        """
        head = AuditHead(0, NO_RECORD)
        with self._database.reading() as connection:
            rows = connection.execute("SELECT sequence, hash, record FROM audit ORDER BY sequence")
            for sequence, digest, data in rows:
                head = self._next(head, sequence, digest, data)
                if known is not None and known.sequence == sequence and known.hash != head.hash:
                    raise BrokenAudit(self._database.place, sequence)
        if known is not None and known.sequence > head.sequence:
            raise BrokenAudit(self._database.place, head.sequence + 1)
        return head

    def _next(self, head: AuditHead, sequence: int, digest: object, data: object) -> AuditHead:
        if not isinstance(digest, bytes) or not isinstance(data, bytes):
            raise BrokenAudit(self._database.place, sequence)
        try:
            record = decode_record(data)
        except CorruptObject:
            raise BrokenAudit(self._database.place, sequence) from None
        fits = record.sequence == sequence == head.sequence + 1 and record.previous == head.hash
        if not fits or record_hash(data) != digest:
            raise BrokenAudit(self._database.place, head.sequence + 1)
        return AuditHead(sequence, digest)
