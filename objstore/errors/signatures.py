"""Signatures, and stores that are older than they were."""

from __future__ import annotations

from refs.errors import ObjstoreError


class RolledBack(ObjstoreError):
    """A store is older than it was when it was last seen here. Facts: `place`, `seen`, `found` (checkpoints, in words)."""

    def __init__(self, place: str, seen: str, found: str) -> None:
        super().__init__(place, seen, found)
        self.place = place
        self.seen = seen
        self.found = found

    def __str__(self) -> str:
        return (
            f"{self.place} is older than it was: {self.seen} was seen here, now there is {self.found}. "
            "If somebody put an older copy back on purpose, look at it and accept it: objstore verify --accept"
        )


class BrokenSignature(ObjstoreError):
    """A signature is missing, does not hold, or is by a key that is not trusted. Facts: `what`, `reason`, `key` (the
    unknown key, or "")."""

    def __init__(self, what: str, reason: str, key: str = "") -> None:
        super().__init__(what, reason, key)
        self.what = what
        self.reason = reason
        self.key = key

    def __str__(self) -> str:
        if self.key:
            return f"{self.what}: {self.reason}. If you know whose it is: objstore keys trust {self.key} NAME"
        return f"{self.what}: {self.reason}. See what else differs: objstore verify"
