"""Stores and backups as places: not there, not ours to write, full, broken."""

from __future__ import annotations

from refs.errors import ObjstoreError


class _Located(ObjstoreError):
    """An error about the store at one place. Facts: `place`, `reason`."""

    text = "{place}: {reason}"

    def __init__(self, place: str, reason: str = "") -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return self.text.format(place=self.place, reason=self.reason)


class NotAStore(_Located, FileNotFoundError):
    """There is no store. Facts: `place`, `reason`."""

    text = "no store here or above {place}. Run: objstore init (or set OBJSTORE)"

    def __init__(self, place: str, reason: str = "") -> None:
        Exception.__init__(self, place, reason)
        self.place = place
        self.reason = reason

    def __reduce__(self) -> tuple[type[NotAStore], tuple[str, str]]:
        return type(self), (self.place, self.reason)


class NotABackup(_Located, FileNotFoundError):
    """There is no backup. Facts: `place`, `reason`."""

    text = "no backup in {place}: {reason}. Make one: objstore backup DIR"

    def __init__(self, place: str, reason: str = "") -> None:
        Exception.__init__(self, place, reason)
        self.place = place
        self.reason = reason

    def __reduce__(self) -> tuple[type[NotABackup], tuple[str, str]]:
        return type(self), (self.place, self.reason)


class UnknownVersion(ObjstoreError, KeyError):
    """A backup has no such version. Facts: `place`, `version` (0: it has none at all)."""

    def __init__(self, place: str, version: int) -> None:
        super().__init__(place, version)
        self.place = place
        self.version = version

    def __str__(self) -> str:
        what = f"version {self.version}" if self.version else "version at all"
        return f"the backup in {self.place} has no {what}. See: objstore backup {self.place} --list"


class StoreExists(_Located):
    """A store, or something else, is in the way of a new one. Facts: `place`, `reason`."""

    text = "{place} is in the way of a new store: {reason}"


class StoreLocked(_Located):
    """Another process keeps the store from being used for longer than the time-out. Facts: `place`, `reason`."""

    text = "{place} is locked: {reason}. Try again"


class UnsupportedFormat(_Located):
    """The store was written by a newer objstore, or is of no known format. Facts: `place`, `reason`."""

    text = "{place}: {reason}. Upgrade: pip install -U objstore-vcs"


class OldFormat(_Located):
    """The store is of an older format. Facts: `place`, `reason`."""

    text = "{place}: {reason}. Run: objstore upgrade (it keeps a copy)"


class ReadOnlyStore(_Located):
    """The store cannot be written to. Facts: `place`, `reason`."""

    text = "{place} is read-only: {reason}"


class StoreFull(_Located):
    """No space was left; nothing of the last change was kept. Facts: `place`, `reason`."""

    text = "no space left for {place}: {reason}. Free some; nothing was lost"


class StoreClosed(_Located):
    """The store was closed, or opened in the parent of this process. Facts: `place`, `reason`."""

    text = "{place}: {reason}. Open it again"


class StorageFailure(_Located):
    """The operating system reported an error; the outcome of the last change is unknown. Facts: `place`, `reason`."""

    text = "{place} failed: {reason}. Close the store and open it again: that makes a new journal"
