"""Forgetting the old part of logs: entries of these tables that ended before a time.

A log is cut at its beginning, never inside: the entries go that come before the first one which is young enough. A
ref's newest entry stays whatever its age, for it carries the value; if it is old, it counts as expired all the same, so
that what it led away from is not kept. `reflog_cuts` says where each log was cut, with the chain there, so that what is
left can still be verified. Tables: docs/format/refs.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from refs.chain import START, WHOLE
from refs.protocol import Cut

CUTS: Final = """CREATE TABLE IF NOT EXISTS reflog_cuts (
    ref INTEGER PRIMARY KEY,
    expired INTEGER NOT NULL,
    last INTEGER NOT NULL,
    value BLOB,
    chain BLOB NOT NULL
)"""

_THERE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'reflog_cuts'"
_REFS = "SELECT id, entry FROM refs WHERE id > ? ORDER BY id LIMIT 4096"
_REF = "SELECT id, entry FROM refs WHERE name = CAST(? AS TEXT)"
_YOUNGEST = "SELECT min(first) FROM reflog WHERE ref = ? AND ended >= ?"
_EXPIRED = "SELECT id, last, new, chain FROM reflog WHERE ref = ? AND first < ? ORDER BY first DESC LIMIT 2"
_ADOPT = """INSERT INTO reflog_cuts (ref, expired, last, value, chain) SELECT id, ?, ?, ?, ? FROM refs
WHERE name = CAST(? AS TEXT)"""
_LINK = "UPDATE reflog SET before = ? WHERE ref = (SELECT id FROM refs WHERE name = CAST(? AS TEXT)) AND first = ? + 1"
_DELETE = "DELETE FROM reflog WHERE ref = ? AND first < ? AND id != ?"
_CUT = """INSERT INTO reflog_cuts (ref, expired, last, value, chain) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (ref) DO UPDATE SET expired = excluded.expired, last = excluded.last, value = excluded.value,
chain = excluded.chain"""
_CUT_OF = (
    "SELECT expired, last, value, chain FROM reflog_cuts WHERE ref = (SELECT id FROM refs WHERE name = CAST(? AS TEXT))"
)
_FOREVER = 1 << 62


def has_cuts(connection: sqlite3.Connection) -> bool:
    """Whether any log was ever cut."""
    return connection.execute(_THERE).fetchone() is not None


def cut_of(connection: sqlite3.Connection, name: bytes) -> Cut:
    """Where the log of a name begins."""
    row = connection.execute(_CUT_OF, (name,)).fetchone() if has_cuts(connection) else None
    return WHOLE if row is None else Cut(*row)


def adopt_cuts_in(connection: sqlite3.Connection, cuts: Mapping[str, Cut]) -> None:
    """Have adopted logs begin where they began elsewhere, in the caller's write transaction."""
    if cuts:
        connection.execute(CUTS)
    for name, cut in cuts.items():
        connection.execute(_ADOPT, (*cut, name))
        connection.execute(_LINK, (cut.chain, name, cut.last))


def expire_in(connection: sqlite3.Connection, before: int, name: str | None = None) -> int:
    """Forget entries that ended before a time (microseconds), of one ref or of all, in the caller's write transaction;
    how many."""
    connection.execute(CUTS)
    if name is not None:
        row = connection.execute(_REF, (name.encode(),)).fetchone()
        return 0 if row is None else _expire_one(connection, row[0], row[1], before)
    forgotten, after = 0, 0
    while True:
        page = connection.execute(_REFS, (after,)).fetchall()
        for ref, newest in page:
            forgotten += _expire_one(connection, ref, newest, before)
        if not page:
            return forgotten
        after = page[-1][0]


def _expire_one(connection: sqlite3.Connection, ref: int, newest: int, before: int) -> int:
    (young,) = connection.execute(_YOUNGEST, (ref, before)).fetchone()
    bound = _FOREVER if young is None else young
    found = connection.execute(_EXPIRED, (ref, bound)).fetchall()
    if not found:
        return 0
    expired = found[0][1]
    gone = [row for row in found if row[0] != newest]
    if gone:
        _, last, value, chain = gone[0]
        connection.execute(_CUT, (ref, expired, last, value, chain))
        return connection.execute(_DELETE, (ref, bound, newest)).rowcount
    # Only the newest is old: nothing is deleted, and the log begins where it did.
    statement = "INSERT INTO reflog_cuts (ref, expired, last, value, chain) VALUES (?, ?, 0, NULL, ?)"
    connection.execute(f"{statement} ON CONFLICT (ref) DO UPDATE SET expired = excluded.expired", (ref, expired, START))
    return 0
