"""Changes that somebody else was faster with, or that would lose something."""

from __future__ import annotations

from refs.errors import ObjstoreError


class MovedHead(ObjstoreError):
    """The head is not the one that the caller pinned or last saw; nothing was changed.

    Facts: `name`, `expected` and `actual` (oids, None for absent), `news` (what happened since, in words, or "").
    """

    def __init__(self, name: str, expected: bytes | None, actual: bytes | None, news: str = "") -> None:
        super().__init__(name, expected, actual, news)
        self.name = name
        self.expected = expected
        self.actual = actual
        self.news = news

    def __str__(self) -> str:
        expected = "absent" if self.expected is None else f"{self.expected.hex()[:8]}…"
        actual = "absent" if self.actual is None else f"{self.actual.hex()[:8]}…"
        news = f" ({self.news})" if self.news else ""
        return f"{self.name} moved: expected {expected}, now {actual}{news}. Read again, or drop expected_head"


class NothingToUndo(ObjstoreError):
    """There is no step left. Facts: `name`, `verb` ("undo" or "redo")."""

    def __init__(self, name: str, verb: str) -> None:
        super().__init__(name, verb)
        self.name = name
        self.verb = verb

    def __str__(self) -> str:
        return f"nothing to {self.verb} in {self.name}"


class SharedHistory(ObjstoreError):
    """Other conversations share the beginning that was to be squashed; nothing was changed. Facts: `name`, `events`,
    `names` (of the others)."""

    def __init__(self, name: str, events: int, names: tuple[str, ...]) -> None:
        super().__init__(name, events, names)
        self.name = name
        self.events = events
        self.names = names

    def __str__(self) -> str:
        shown = ", ".join(self.names[:3]) + (f" and {len(self.names) - 3} more" if len(self.names) > 3 else "")
        return (
            f"the first {self.events} events of {self.name} are those of {shown} too, which would lose them. "
            "Squash them along (with_forks=True, --with-forks), or delete them first"
        )


class DirtyWorkspace(ObjstoreError):
    """A directory has changes that no commit holds. Facts: `directory`, `paths` (at most twenty of them)."""

    def __init__(self, directory: str, paths: tuple[str, ...]) -> None:
        super().__init__(directory, paths)
        self.directory = directory
        self.paths = paths

    def __str__(self) -> str:
        return f"{self.directory} has unsaved changes ({', '.join(self.paths)}). Snapshot it first, or discard=True"


class MergeConflict(ObjstoreError):
    """Both sides changed the same keys differently; nothing was changed. Facts: `keys` (text, sorted).

    Of conversations as "files:src/app.py", "settings:llm.model"; `conv.conflicts(other)` shows both sides of each.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(keys)
        self.keys = keys

    def __str__(self) -> str:
        shown = ", ".join(self.keys[:10]) + (" …" if len(self.keys) > 10 else "")
        return f"both sides changed: {shown}. Choose a side for each"


class HistoryDiverged(ObjstoreError):
    """A name has a history here and another one there; nothing was changed. Facts: `name`, `ours`, `theirs` (ids in hex)."""

    def __init__(self, name: str, ours: str | None, theirs: str) -> None:
        super().__init__(name, ours, theirs)
        self.name = name
        self.ours = ours
        self.theirs = theirs

    def __str__(self) -> str:
        ours = "another one" if self.ours is None else f"{self.ours[:12]}"
        return (
            f"{self.name} has gone on here ({ours}) and there ({self.theirs[:12]}). "
            "Import it with a prefix, or as a fork with on_diverged='fork'"
        )


class LockHeld(ObjstoreError):
    """Somebody else has a lock. Facts: `name`, `owner`, `expires` (µs since 1970)."""

    def __init__(self, name: str, owner: str, expires: int) -> None:
        super().__init__(name, owner, expires)
        self.name = name
        self.owner = owner
        self.expires = expires

    def __str__(self) -> str:
        return f"{self.owner} has the lock {self.name!r}. Wait for it (wait=seconds), or until it runs out"


class LockLost(ObjstoreError):
    """A lock is no longer held: it ran out and somebody took it, or it was released. Nothing was changed.

    Facts: `name`, `token` (the one that is no longer good).
    """

    def __init__(self, name: str, token: int) -> None:
        super().__init__(name, token)
        self.name = name
        self.token = token

    def __str__(self) -> str:
        return f"the lock {self.name!r} with token {self.token} is lost. Take it again, and look at what changed"
