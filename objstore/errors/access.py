"""Tokens and grants: who is refused, and why."""

from __future__ import annotations

from refs.errors import ObjstoreError


class InvalidToken(ObjstoreError):
    """A token is not accepted. Facts: `reason` (never the token)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the token is refused: {self.reason}. Ask for another: objstore tokens create PRINCIPAL"


class AccessDenied(ObjstoreError):
    """Nobody granted this; nothing was changed. Facts: `principal`, `verb`, `ref` ("" for the whole store)."""

    def __init__(self, principal: str, verb: str, ref: str) -> None:
        super().__init__(principal, verb, ref)
        self.principal = principal
        self.verb = verb
        self.ref = ref

    def __str__(self) -> str:
        where = self.ref or "the whole store"
        return (
            f"{self.principal or 'nobody'} has no right to {self.verb} in {where}. "
            f"Whoever runs the store may grant it: objstore access grant"
        )


class InvalidGrant(ObjstoreError, ValueError):
    """A principal, a prefix, verbs or a time to live make no grant or token. Facts: `text`, `reason`."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text!r} cannot be granted: {self.reason}"


class UnknownGrant(ObjstoreError, KeyError):
    """There is no such grant. Facts: `principal`, `prefix`."""

    def __init__(self, principal: str, prefix: str) -> None:
        super().__init__(principal, prefix)
        self.principal = principal
        self.prefix = prefix

    def __str__(self) -> str:
        return f"{self.principal} has no grant on {self.prefix or 'the whole store'}. See: objstore access list"


class UnknownToken(ObjstoreError, KeyError):
    """No token has this id. Facts: `id`."""

    def __init__(self, id: str) -> None:  # noqa: A002 - what it is
        super().__init__(id)
        self.id = id

    def __str__(self) -> str:
        return f"no token {self.id!r} here. See: objstore tokens list"


class BrokenAudit(ObjstoreError):
    """The log of access was altered or cut. Facts: `place`, `sequence` (the first record that does not fit)."""

    def __init__(self, place: str, sequence: int) -> None:
        super().__init__(place, sequence)
        self.place = place
        self.sequence = sequence

    def __str__(self) -> str:
        return f"{self.place}: the log of access does not hold at record {self.sequence}. Compare it with a backup"
