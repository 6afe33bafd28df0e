"""Finding: the events that match a query within a scope, the best first, and where they stand.

Ranking is by bm25, whose cost is that of the matches. A word that is nearly everywhere would take longer than anybody
waits, so matches are ranked by windows of WINDOW, those taken up last in the first one: exact where there are fewer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, MissingObject
from objstore.index.about import about
from objstore.index.chains import Chains, Position
from objstore.index.excerpt import Excerpt, excerpt_of
from objstore.index.query import Query
from objstore.index.scope import LATEST, Scope
from objstore.index.text import plain_texts
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository

WINDOW: Final = 1024
MOST_PLACES: Final = 16
"""Places that a hit names; an event may be in thousands of forks."""

NAMESPACE: Final = "conversations/"
_HIGHEST = 1 << 62
_ALLOW = """WITH RECURSIVE up (run, upto) AS (
    {seeds} UNION SELECT runs.parent, runs.start FROM up JOIN runs ON runs.id = up.run WHERE runs.parent IS NOT NULL)
INSERT INTO allowed SELECT run, max(upto) FROM up GROUP BY run"""
_NAMED = """SELECT run, events FROM heads
    WHERE name >= ? AND name < ? || char(1114111) AND run IS NOT NULL"""
_IN_SCOPE = """AND EXISTS (SELECT 1 FROM places JOIN allowed ON allowed.run = places.run
    WHERE places.event = texts.rowid AND places.number < allowed.upto AND places.time <= :as_of)"""
_BEFORE = "AND EXISTS (SELECT 1 FROM places WHERE places.event = texts.rowid AND places.time <= :as_of)"
_IN_TIME = "AND EXISTS (SELECT 1 FROM events WHERE id = texts.rowid AND time >= :since AND time < :until)"


class Hit(NamedTuple):
    """An event that was found.

    `places`: moments such as "c1#17", the one right after the event, in every conversation that has it (at most 16,
    sorted; `more`: there are others). `time` in µs since 1970: the event's own, or that of its first commit. `score`:
    the higher the better, comparable within one search.
    """

    places: tuple[str, ...]
    more: bool
    oid: Oid
    role: str
    tools: tuple[str, ...]
    time: int
    score: float
    excerpt: Excerpt

    @property
    def moment(self) -> str:
        """The first of the places."""
        return self.places[0]

    @property
    def when(self) -> datetime:
        """The time as a datetime in UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.time)


class Finder:
    """One search in one state of an index."""

    def __init__(
        self, repo: Repository, connection: sqlite3.Connection, query: Query, scope: Scope, position: Position | None
    ) -> None:
        """`position`: where the chain of the scope's commit ends, if it has one."""
        self._repo = repo
        self._connection = connection
        self._chains = Chains(repo, connection)
        self._query = query
        self._scope = scope
        self._limited = position is not None or bool(scope.prefix)
        self._lowest, self._highest = 1, _HIGHEST
        if self._limited:
            self._allow(position)

    def hits(self, limit: int, offset: int) -> list[Hit]:
        """So many hits after the first `offset`."""
        found: list[Hit] = []
        for event, score in self._ranked():
            if len(found) >= limit:
                break
            places, more = self._places(event)
            if not places:
                continue  # only what is no conversation's any more has it
            if offset > 0:
                offset -= 1
                continue
            hit = self._hit(event, score, places, more)
            if hit is not None:
                found.append(hit)
        return found

    def _allow(self, position: Position | None) -> None:
        """Fill the table of runs that count, up to which number, and the bounds of their events' rows."""
        execute = self._connection.execute
        execute("CREATE TEMP TABLE IF NOT EXISTS allowed (run INTEGER PRIMARY KEY, upto INTEGER NOT NULL)")
        execute("DELETE FROM allowed")
        if position is None:
            execute(_ALLOW.format(seeds=_NAMED), [NAMESPACE + self._scope.prefix] * 2)
        elif position.run is not None:
            execute(_ALLOW.format(seeds="VALUES (?, ?)"), position)
        bounds = execute("SELECT min(lowest), max(highest) FROM runs JOIN allowed ON allowed.run = runs.id").fetchone()
        self._lowest, self._highest = (1, 0) if bounds[0] is None else bounds

    def _ranked(self) -> Iterator[tuple[int, float]]:
        """Rows of events with their scores, window by window."""
        match = f"{{body parts}} : ({self._query.match})"
        for word in self._scope.marks:
            match += f' AND marks : "{word}"'
        conditions = [_IN_SCOPE] if self._limited else [_BEFORE] if self._scope.as_of < LATEST else []
        conditions += [_IN_TIME] if self._scope.has_times else []
        statement = f"""SELECT texts.rowid, -bm25(texts, 1.0, 0.5, 0.0) FROM texts
            WHERE texts MATCH :match AND texts.rowid BETWEEN :lowest AND :highest {" ".join(conditions)}
            ORDER BY texts.rowid DESC LIMIT {WINDOW}"""
        scope = self._scope
        given: dict[str, object] = {"match": match, "lowest": self._lowest, "as_of": scope.as_of}
        given |= {"since": scope.since, "until": scope.until, "highest": self._highest}
        while True:
            rows: list[tuple[int, float]] = self._connection.execute(statement, given).fetchall()
            yield from sorted(rows, key=lambda row: (-row[1], -row[0]))
            if len(rows) < WINDOW:
                return
            given["highest"] = rows[-1][0] - 1

    def _places(self, event: int) -> tuple[tuple[str, ...], bool]:
        """The moments right after an event within the scope, and whether there are more of them."""
        scope = self._scope
        statement = "SELECT run, number FROM places WHERE event = ? AND time <= ?"
        if self._limited:
            statement += " AND number < (SELECT upto FROM allowed WHERE allowed.run = places.run)"
        found: set[str] = set()
        for run, number in self._connection.execute(statement, (event, scope.as_of)).fetchall():
            if scope.commit is not None:
                found.add(f"{scope.label}#{number + 1}")
                continue
            names = self._chains.names_at(run, number, NAMESPACE + scope.prefix, MOST_PLACES + 1 - len(found))
            found.update(f"{name[len(NAMESPACE) :]}#{number + 1}" for name in names)
            if len(found) > MOST_PLACES:
                break
        return tuple(sorted(found)[:MOST_PLACES]), len(found) > MOST_PLACES

    def _hit(self, event: int, score: float, places: tuple[str, ...], more: bool) -> Hit | None:
        """A hit, or None if its event cannot be read any more."""
        row = self._connection.execute("SELECT oid, time FROM events WHERE id = ?", (event,)).fetchone()
        if row is None:
            raise sqlite3.DatabaseError("the index has the text of an event that it does not know")
        oid = Oid(row[0])
        try:
            value = self._repo.event(oid)
        except (MissingObject, CorruptObject):
            return None
        known = about(value)
        passage = excerpt_of("\n".join(plain_texts(value)), self._query.shown)
        return Hit(places, more, oid, known.role, known.tools, row[1], score, passage)
