"""The access control of one store: `store.access`. Whoever has the files needs no token; this is about the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from objstore.access.audit import Actor, AuditHead, AuditLog
from objstore.access.database import AccessDatabase
from objstore.access.grant import NOTHING, Allowed, Grant, Verb, make_grant
from objstore.access.record import AuditRecord
from objstore.access.token import SECRET_BYTES, decode_token, encode_token, token_hash
from objstore.access.tokens import TokenInfo, Tokens
from objstore.errors import AccessDenied, InvalidGrant, UnknownGrant

_PRINCIPAL: Final = re.compile(r"[^\x00-\x20\x7f]{1,200}")
_REMEMBERED: Final = 10_000


class Caller(NamedTuple):
    """Who a token stands for, and what it may do."""

    principal: str
    token: str
    allowed: Allowed
    expires: int | None

    def check(self, verb: Verb, ref: str) -> None:
        """AccessDenied: the verb is not granted on the ref ("" for the whole store)."""
        if not self.allowed.may(verb, ref):
            raise AccessDenied(self.principal, verb, ref)


class GrantInfo(NamedTuple):
    """A grant with whose it is."""

    principal: str
    grant: Grant


class Access:
    """Grants, tokens and the log of access. Safe between threads and processes; changes count at once everywhere."""

    def __init__(
        self, path: Path | None, now: Callable[[], int], random: Callable[[int], bytes], author: str = "agent"
    ) -> None:
        """`path`: the file, made when first needed; None: in memory. `author`: who makes changes on this machine."""
        self._database = AccessDatabase(path)
        self._log = AuditLog(self._database, now)
        self._tokens = Tokens(self._database, self._log, now)
        self._now = now
        self._random = random
        self._here = Actor(author)
        self._known: dict[bytes, Caller] = {}
        self._version = (0, 0)

    # Grants

    def grant(self, principal: str, prefix: str, verbs: Iterable[str], *, by: Actor | None = None) -> Grant:
        """Give a principal verbs on the refs below a prefix, in place of those it had on exactly that. InvalidGrant."""
        fresh = make_grant(prefix, verbs)
        check_principal(principal)
        with self._database.writing() as connection:
            old = connection.execute(
                "SELECT verbs FROM grants WHERE principal = ? AND prefix = ?", (principal, prefix)
            ).fetchone()
            connection.execute(
                "INSERT OR REPLACE INTO grants VALUES (?, ?, ?)", (principal, prefix, ",".join(sorted(fresh.verbs)))
            )
            before = "" if old is None else make_grant(prefix, old[0].split(",")).text
            self._log.add(connection, by or self._here, "grant", principal, old=before, new=fresh.text)
        return fresh

    def revoke(self, principal: str, prefix: str, *, by: Actor | None = None) -> None:
        """Take a grant away; it counts at once, for all tokens. UnknownGrant."""
        with self._database.writing() as connection:
            old = connection.execute(
                "DELETE FROM grants WHERE principal = ? AND prefix = ? RETURNING verbs", (principal, prefix)
            ).fetchone()
            if old is None:
                raise UnknownGrant(principal, prefix)
            before = make_grant(prefix, old[0].split(",")).text
            self._log.add(connection, by or self._here, "revoke-grant", principal, old=before)

    def grants(self, principal: str | None = None) -> list[GrantInfo]:
        """The grants of a principal or of all, by principal and prefix."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT principal, prefix, verbs FROM grants WHERE ? IS NULL OR principal = ? ORDER BY 1, 2",
                (principal, principal),
            ).fetchall()
        return [GrantInfo(name, make_grant(prefix, verbs.split(","))) for name, prefix, verbs in rows]

    # Tokens

    def create_token(
        self,
        principal: str,
        *,
        expires: int | None = None,
        narrowed: Iterable[Grant] | None = None,
        note: str = "",
        by: Actor | None = None,
    ) -> tuple[str, TokenInfo]:
        """A new token of a principal, and what is kept of it: the text is told this once.

        `expires`: seconds from now, None for never. `narrowed`: it may only do what these grants allow as well.
        InvalidGrant.
        """
        check_principal(principal)
        secret = self._random(SECRET_BYTES)
        made = self._tokens.add(token_hash(secret), principal, expires, narrowed, note, by or self._here)
        return encode_token(secret), made

    def narrow_token(
        self,
        caller: Caller,
        *,
        expires: int | None = None,
        narrowed: Iterable[Grant] | None = None,
        note: str = "",
        by: Actor | None = None,
    ) -> tuple[str, TokenInfo]:
        """A new token that may do no more than the caller's and ends with it, to be handed on: as `create_token`.

        It expires with the caller's at the latest and is revoked with it. InvalidGrant, InvalidToken.
        """
        secret = self._random(SECRET_BYTES)
        who = by or Actor(caller.principal, caller.token)
        made = self._tokens.add(token_hash(secret), caller.principal, expires, narrowed, note, who, parent=caller.token)
        return encode_token(secret), made

    def revoke_token(self, token: str, *, by: Actor | None = None) -> list[str]:
        """Revoke a token by its id, and all that were narrowed from it; the ids. It counts at once. UnknownToken."""
        return self._tokens.revoke(token, by or self._here)

    def tokens(self, principal: str | None = None) -> list[TokenInfo]:
        """The tokens of a principal or of all, oldest first; those that are revoked or expired too."""
        return self._tokens.find(principal)

    def identify(self, text: str) -> Caller:
        """Who comes with a token. InvalidToken: it is unknown, mistyped, expired or revoked."""
        digest = token_hash(decode_token(text))
        version = self._database.version()
        if version != self._version or len(self._known) > _REMEMBERED:
            self._known, self._version = {}, version
        known = self._known
        caller = known.get(digest)
        if caller is None or (caller.expires is not None and caller.expires <= self._now()):
            chain = self._tokens.chain(digest)
            caller = self._caller(chain)
            known[digest] = caller
        return caller

    # The log

    def refused(self, who: Actor, wanted: str, ref: str, result: str) -> None:
        """Record a refusal: `wanted` is what was asked for, `result` the error's name."""
        self._log.refuse(who, wanted, ref, result)

    def audit(self, after: int = 0, *, limit: int | None = None) -> Iterator[AuditRecord]:
        """The records behind the number `after`, oldest first, at most `limit`. CorruptObject."""
        return self._log.records(after, limit)

    def verify_audit(self, known: AuditHead | None = None) -> AuditHead:
        """Check the whole log; how far it goes. `known`: what an earlier call gave, noted elsewhere. BrokenAudit."""
        return self._log.verify(known)

    def close(self) -> None:
        """Let go of the file; harmless when done twice."""
        self._database.close()

    def _caller(self, chain: list[TokenInfo]) -> Caller:
        token = chain[0]
        given = tuple(each.grant for each in self.grants(token.principal))
        narrowed = [each.narrowed for each in chain if each.narrowed is not None]
        allowed = Allowed((given, *narrowed)) if given else NOTHING
        ends = [each.expires for each in chain if each.expires is not None]
        return Caller(token.principal, token.id, allowed, min(ends, default=None))


def check_principal(name: str) -> None:
    """InvalidGrant: a text cannot be the name of a principal."""
    if _PRINCIPAL.fullmatch(name) is None:
        raise InvalidGrant(name, "a principal is a name of 1 to 200 characters without spaces")
