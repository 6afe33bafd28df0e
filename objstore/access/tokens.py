"""The table of tokens: made, narrowed, revoked, looked up by hash. A token's text is never here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from objstore.access.audit import Actor, AuditLog
from objstore.access.database import AccessDatabase
from objstore.access.grant import Grant, parse_grant
from objstore.access.token import token_id
from objstore.errors import InvalidGrant, InvalidToken, UnknownToken

MAX_CHAIN: Final = 8
"""How often a token can be narrowed, one from the other."""

MAX_NOTE: Final = 200
MAX_NARROWED: Final = 64
MAX_SECONDS: Final = 100 * 366 * 86400
_COLUMNS: Final = "id, principal, note, narrowed, parent, created, expires, revoked"
_SECOND: Final = 1_000_000


class TokenInfo(NamedTuple):
    """What is known of a token. Times in µs since 1970; `narrowed` None: all that its principal or parent may."""

    id: str
    principal: str
    note: str
    narrowed: tuple[Grant, ...] | None
    parent: str | None
    created: int
    expires: int | None
    revoked: int | None


class Tokens:
    """The tokens of one database. Safe between threads and processes."""

    def __init__(self, database: AccessDatabase, log: AuditLog, now: Callable[[], int]) -> None:
        self._database = database
        self._log = log
        self._now = now

    def add(
        self,
        digest: bytes,
        principal: str,
        seconds: int | None,
        narrowed: Iterable[Grant] | None,
        note: str,
        who: Actor,
        parent: str | None = None,
    ) -> TokenInfo:
        """Keep a token. InvalidGrant; InvalidToken: its parent is not good any more."""
        grants = None if narrowed is None else tuple(narrowed)
        _check(seconds, grants, note)
        now = self._now()
        expires = None if seconds is None else now + seconds * _SECOND
        with self._database.writing() as connection:
            if parent is not None:
                above = self._chain(connection, "id", parent)
                if len(above) >= MAX_CHAIN:
                    raise InvalidGrant(parent, f"it was narrowed {MAX_CHAIN - 1} times, which is the most")
                ends = [end for end in (expires, *(each.expires for each in above)) if end is not None]
                expires = min(ends, default=None)
            made = TokenInfo(token_id(digest), principal, note, grants, parent, now, expires, None)
            text = None if grants is None else "\n".join(grant.text for grant in grants)
            row = (digest, made.id, principal, note, text, parent, now, expires, None)
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            action = "create-token" if parent is None else "narrow-token"
            what = f"{principal} {'all' if text is None else text}".replace("\n", " ")
            self._log.add(connection, who, action, made.id, old=parent or "", new=what)
        return made

    def revoke(self, token: str, who: Actor) -> list[str]:
        """Revoke a token and those narrowed from it. UnknownToken."""
        with self._database.writing() as connection:
            found = connection.execute(
                """WITH RECURSIVE below (id) AS (
                    SELECT id FROM tokens WHERE id = ? UNION SELECT tokens.id FROM tokens JOIN below ON parent = below.id)
                SELECT id FROM below""",
                (token,),
            ).fetchall()
            if not found:
                raise UnknownToken(token)
            ids = [row[0] for row in found]
            for each in ids:
                done = connection.execute(
                    "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL", (self._now(), each)
                )
                if done.rowcount:
                    self._log.add(connection, who, "revoke-token", each)
        return ids

    def find(self, principal: str | None) -> list[TokenInfo]:
        """The tokens of a principal or of all, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM tokens WHERE ? IS NULL OR principal = ? ORDER BY created, id",
                (principal, principal),
            ).fetchall()
        return [_info(row) for row in rows]

    def chain(self, digest: bytes) -> list[TokenInfo]:
        """A token by its hash, and those that it was narrowed from. InvalidToken: one of them is not good."""
        with self._database.reading() as connection:
            return self._chain(connection, "hash", digest)

    def _chain(self, connection: sqlite3.Connection, column: str, key: object) -> list[TokenInfo]:
        found: list[TokenInfo] = []
        wanted: object = key
        while wanted is not None:
            row = connection.execute(f"SELECT {_COLUMNS} FROM tokens WHERE {column} = ?", (wanted,)).fetchone()
            if row is None or len(found) >= MAX_CHAIN:
                raise InvalidToken("it is unknown here")
            info = _info(row)
            if info.revoked is not None:
                raise InvalidToken("it was revoked")
            if info.expires is not None and info.expires <= self._now():
                raise InvalidToken("it has expired")
            found.append(info)
            column, wanted = "id", info.parent
        return found


def _check(seconds: int | None, narrowed: tuple[Grant, ...] | None, note: str) -> None:
    if seconds is not None and not 0 < seconds <= MAX_SECONDS:
        raise InvalidGrant(str(seconds), "a token lives for at least a second and at most a hundred years")
    if len(note) > MAX_NOTE:
        raise InvalidGrant(note[:20], f"a note has at most {MAX_NOTE} characters")
    if narrowed is not None and not 0 < len(narrowed) <= MAX_NARROWED:
        raise InvalidGrant("", f"a token is narrowed by 1 to {MAX_NARROWED} grants")


def _info(row: tuple[Any, ...]) -> TokenInfo:
    id_, principal, note, text, parent, created, expires, revoked = row
    narrowed = None if text is None else tuple(parse_grant(line) for line in text.split("\n"))
    return TokenInfo(id_, principal, note, narrowed, parent, created, expires, revoked)
