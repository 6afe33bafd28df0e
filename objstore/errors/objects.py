"""Objects and histories that are not here, or not what their ids say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from refs.errors import ObjstoreError


class MissingObject(ObjstoreError, KeyError):
    """The storage has no such object. Facts: `oid`."""

    def __init__(self, oid: bytes) -> None:
        super().__init__(oid)
        self.oid = oid

    def __str__(self) -> str:
        return f"object {self.oid.hex()} is not in this storage. Run: objstore doctor"


class CollectedObject(MissingObject):
    """A write names an object that was deleted since the writer saw it; nothing was changed. Facts: `oid`."""

    def __str__(self) -> str:
        return f"object {self.oid.hex()} was unreachable and was deleted meanwhile; nothing was changed. Do it again"


class RedactedEvent(MissingObject):
    """The event was redacted: its content is gone for good. Facts: `oid`, `who`, `when` (µs since 1970), `reason`."""

    def __init__(self, oid: bytes, who: str, when: int, reason: str) -> None:
        ObjstoreError.__init__(self, oid, who, when, reason)
        self.oid = oid
        self.who = who
        self.when = when
        self.reason = reason

    def __str__(self) -> str:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.when)
        why = f": {self.reason}" if self.reason else ""
        return f"event {self.oid.hex()[:8]}… was redacted by {self.who} on {day:%Y-%m-%d}{why}. Its content is gone for good"


class SquashedHistory(ObjstoreError, LookupError):
    """What was asked for lies before the point where a history begins since it was squashed. Facts: `events`: how many
    events were squashed (those of the numbers below it are gone), `commit`: the first one that stays (hex)."""

    def __init__(self, events: int, commit: str) -> None:
        super().__init__(events, commit)
        self.events = events
        self.commit = commit

    def __str__(self) -> str:
        return (
            f"the first {self.events} events were squashed, with all that was before. What there is begins "
            f"with event {self.events + 1}, commit {self.commit[:12]}"
        )


class CorruptObject(ObjstoreError):
    """Bytes are not what their id or their format says; they were not returned. Facts: `oid` (or None), `reason`."""

    def __init__(self, oid: bytes | None, reason: str) -> None:
        super().__init__(oid, reason)
        self.oid = oid
        self.reason = reason

    def __str__(self) -> str:
        what = "stored data" if self.oid is None else f"object {self.oid.hex()}"
        return f"{what} is damaged: {self.reason}. Run: objstore doctor"


class MissingHistory(ObjstoreError, LookupError):
    """A bundle builds on commits that are not here; nothing was changed. Facts: `oids` (hex, sorted)."""

    def __init__(self, oids: tuple[str, ...]) -> None:
        super().__init__(oids)
        self.oids = oids

    def __str__(self) -> str:
        shown = ", ".join(oid[:12] for oid in self.oids[:3]) + (" …" if len(self.oids) > 3 else "")
        return f"this bundle continues a history that is not here ({shown}). Import the one before it first"
