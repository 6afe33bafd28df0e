"""One move of refs, in the caller's write transaction: the expectations, the number, and the rows of the logs.

Transaction numbers are reserved 256 at a time (a block), by a write transaction, under a random owner. Who finds its
owner still in the table goes on in its block without writing; who does not, takes the next block. So numbers rise in
the order of the transactions, of many processes too, and a rolled-back reservation is never mistaken for one that
holds. `operations` goes by block, whose index changes once a block and run.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from refs.chain import START, link
from refs.edits import Applied, Note, RefEdit
from refs.errors import BrokenLog
from refs.rules import check_edits, check_expectation, extends_run, is_step
from refs.sqlite.tables import ADD_ENTRY, ADD_NAME, BLOCK_BITS, POINT, RESERVE, is_value

# One row always, NULLs for what there is not: the state of one name and of the numbers. A damaged `entry` may lead into
# another name's log: what it finds there is not taken for the ref's.
_HEAD = """SELECT r.id, l.id, l.block, l.step, l.first, l.last, l.old, l.new, l.began, l.ended, l.who, l.why,
l.before, l.chain, n.block, n.owner
FROM reflog_numbers n LEFT JOIN refs r ON r.name = ? LEFT JOIN reflog l ON l.id = r.entry AND l.ref = r.id WHERE n.id = 1"""
_EXTEND = "UPDATE reflog SET last = ?, new = ?, ended = ?, txn = ?, chain = ? WHERE id = ?"
_MOVE = "UPDATE reflog SET block = ? WHERE id = ?"


class Mover:
    """Makes edits in write transactions of others, and keeps the block of numbers that it reserved."""

    def __init__(self) -> None:
        # The block in use. Read and written only inside write transactions, of which SQLite admits one at a time.
        self._owner = -1
        self._next = 0
        self._process: int = os.getpid()

    def apply_in(self, connection: sqlite3.Connection, edits: Sequence[RefEdit], note: Note) -> Applied:
        """Make all edits or none as part of the write transaction (BEGIN IMMEDIATE) that the caller has open on
        `connection`. RefConflict, InvalidRefName, ValueError, BrokenLog: nothing was changed; after any other error
        the caller has to roll back."""
        if not edits:
            return Applied(0)
        check_edits(edits, note)
        heads = [_head(connection, edit) for edit in edits]
        number = self._number(connection, heads[0][14], heads[0][15])
        step = is_step(edits)
        for edit, head in zip(edits, heads, strict=True):
            _write(connection, edit, head, note, number, step)
        return Applied(number)

    def _number(self, connection: sqlite3.Connection, block: int, owner: int) -> int:
        process = os.getpid()
        if owner == self._owner and self._next >> BLOCK_BITS == block and process == self._process:
            number = self._next
        else:
            # A fresh owner each time: this reservation may be rolled back and the block be taken by a fork of us.
            self._owner, self._process = (int.from_bytes(os.urandom(8), "big") >> 2) + 1, process
            connection.execute(RESERVE, (block + 1, self._owner))
            number = max(1, (block + 1) << BLOCK_BITS)
        self._next = number + 1
        return number


def _head(connection: sqlite3.Connection, edit: RefEdit) -> tuple[Any, ...]:
    """The state of one name, as `_HEAD` selects it, once it is as the edit expects."""
    head: tuple[Any, ...] = connection.execute(_HEAD, (edit.name,)).fetchone()
    if (head[1] is None and head[0] is not None) or not is_value(head[7]):
        raise BrokenLog(edit.name, 1)
    check_expectation(edit, head[7])
    return head


def _write(
    connection: sqlite3.Connection, edit: RefEdit, head: tuple[Any, ...], note: Note, number: int, step: bool
) -> None:
    ref, entry, block, was_step, first, last, old, value, began, ended, entry_who, entry_why, before, chain, _, _ = head
    name, new, _, _ = edit
    who, why, when = note
    if step and was_step and extends_run(entry_who, entry_why, ended, note):
        last += 1
        chain = link(before, name, first, last, old, new, began, when, who, why)
        connection.execute(_EXTEND, (last, new, when, number, chain, entry))
        if block != number >> BLOCK_BITS:
            connection.execute(_MOVE, (number >> BLOCK_BITS, entry))
        return
    if new is None and value is None:
        return
    if ref is None:
        ref, last, chain = connection.execute(ADD_NAME, (name,)).lastrowid, 0, START
    sequence = last + 1
    link_now = link(chain, name, sequence, sequence, value, new, when, when, who, why)
    row = (
        ref,
        number >> BLOCK_BITS,
        number,
        step,
        sequence,
        sequence,
        value,
        new,
        when,
        when,
        who,
        why,
        chain,
        link_now,
    )
    connection.execute(POINT, (connection.execute(ADD_ENTRY, row).lastrowid, ref))
