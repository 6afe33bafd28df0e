"""Every error of objstore, in one tree.

    ObjstoreError
    ├── InvalidRefName, RefConflict, BrokenLog   (from refs)
    ├── InvalidValue        (ValueError)         a value that cannot be stored as JSON, with its path
    ├── InvalidPath         (ValueError)         a file path that is refused
    ├── InvalidPattern      (ValueError)         a glob pattern that cannot be read
    ├── InvalidQuery        (ValueError)         a search that cannot be read, with the place of the fault
    ├── InvalidRevision     (ValueError)         a moment that cannot be read
    │   └── AmbiguousId                          an id prefix that fits several objects
    ├── UnknownRevision     (LookupError)        a moment that does not exist
    ├── MissingObject       (KeyError)           an object that the storage does not have
    ├── CorruptObject                            bytes that are not what their id or format says
    ├── UnknownConversation, UnknownWorkspace, UnknownSettings, UnknownTag  (KeyError)
    ├── ConversationExists, WorkspaceExists, SettingsExist, TagExists
    ├── UnknownPath         (FileNotFoundError)  no such file in a tree
    ├── PathExists          (FileExistsError)    something is where a move or copy would put its files
    ├── LockHeld                                 somebody else has a lock
    ├── LockLost                                 a lock ran out, and somebody else took it
    ├── UnknownSetting      (KeyError)           no such key in settings
    ├── MovedHead                                the head is not the one that the caller pinned or saw
    ├── NothingToUndo                            undo or redo has no step left
    ├── DirtyWorkspace                           a directory has changes that a checkout would overwrite
    ├── MissingHistory                           a bundle builds on commits that are not here
    ├── HistoryDiverged                          a name has one history here and another there
    ├── MergeConflict                            both sides changed the same keys
    ├── CannotBisect        (ValueError)         two moments between which nothing can be searched
    ├── UnknownFormat                            a file that no importer recognises
    ├── InvalidSetting      (ValueError)         a value that is not of the type asked for or declared, with its key
    ├── UnreadableSettings  (ValueError)         a text that is no settings file, with its line
    ├── MissingKey          (LookupError)        the key of a secret is not in the key folder
    ├── UnsafeKeyFolder     (PermissionError)    a key file or folder that others could read or have put there
    ├── DamagedKey                               a key file that is cut short or altered
    ├── BrokenSeal                               a secret that was altered, moved, or sealed with another key
    ├── KeyInUse                                 a key that heads still need and that was to be destroyed
    ├── InvalidRecoveryCode (ValueError)         a recovery code that is none, or was mistyped
    ├── RecoveryCodesShown                       recovery codes that were printed before
    ├── NotABackup          (FileNotFoundError)  a folder that holds no backup
    ├── UnknownVersion      (KeyError)           a backup has no such version
    ├── OldFormat                                a store of an older format, which has to be upgraded first
    ├── NotAStore, StoreExists, StoreLocked, UnsupportedFormat, ReadOnlyStore, StoreFull, StoreClosed
    └── StorageFailure                           the disk reported an error; the store refuses to go on with that file

They carry facts in `args`, so that they pickle. Exit codes are the command line's business.
"""

from __future__ import annotations

from refs.errors import BrokenLog, InvalidRefName, ObjstoreError, RefConflict

__all__ = [
    "AmbiguousId",
    "BrokenLog",
    "BrokenSeal",
    "CannotBisect",
    "ConversationExists",
    "CorruptObject",
    "DamagedKey",
    "DirtyWorkspace",
    "HistoryDiverged",
    "InvalidPath",
    "InvalidPattern",
    "InvalidQuery",
    "InvalidRecoveryCode",
    "InvalidRefName",
    "InvalidRevision",
    "InvalidSetting",
    "InvalidValue",
    "KeyInUse",
    "LockHeld",
    "LockLost",
    "MergeConflict",
    "MissingHistory",
    "MissingKey",
    "MissingObject",
    "MovedHead",
    "NotABackup",
    "NotAStore",
    "NothingToUndo",
    "ObjstoreError",
    "OldFormat",
    "PathExists",
    "ReadOnlyStore",
    "RecoveryCodesShown",
    "RefConflict",
    "SettingsExist",
    "StorageFailure",
    "StoreClosed",
    "StoreExists",
    "StoreFull",
    "StoreLocked",
    "TagExists",
    "UnknownConversation",
    "UnknownFormat",
    "UnknownPath",
    "UnknownRevision",
    "UnknownSetting",
    "UnknownSettings",
    "UnknownTag",
    "UnknownVersion",
    "UnknownWorkspace",
    "UnreadableSettings",
    "UnsafeKeyFolder",
    "UnsupportedFormat",
    "WorkspaceExists",
]


class InvalidValue(ObjstoreError, ValueError):
    """A value cannot be stored. Facts: `path` (as `event.content[2].data`), `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"


class InvalidPath(ObjstoreError, ValueError):
    """A file path is refused. Facts: `path`, `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path!r} is refused as a path: {self.reason}"


class InvalidPattern(ObjstoreError, ValueError):
    """A glob pattern is none. Facts: `pattern`, `reason`."""

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(pattern, reason)
        self.pattern = pattern
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.pattern!r} is no pattern: {self.reason}"


class InvalidQuery(ObjstoreError, ValueError):
    """A search cannot be read. Facts: `text`, `position` (of the fault in it, from 0), `reason` (with the remedy)."""

    def __init__(self, text: str, position: int, reason: str) -> None:
        super().__init__(text, position, reason)
        self.text = text
        self.position = position
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot search for {self.text!r}: at character {self.position + 1}, {self.reason}"


class InvalidRevision(ObjstoreError, ValueError):
    """A text or value does not name a moment. Facts: `text`, `reason`."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text!r} names no moment: {self.reason}"


class AmbiguousId(InvalidRevision):
    """An id prefix fits several objects. Facts: `text`, `candidates` (full ids in hex, at most ten)."""

    def __init__(self, text: str, candidates: tuple[str, ...]) -> None:
        Exception.__init__(self, text, candidates)
        self.text = text
        self.candidates = candidates
        self.reason = f"it fits {len(candidates)} objects or more"

    def __str__(self) -> str:
        return f"{self.text!r} is ambiguous. Give more digits: " + ", ".join(c[:16] for c in self.candidates)


class UnknownRevision(ObjstoreError, LookupError):
    """A well-formed moment does not exist here. Facts: `text`, `reason`."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text}: {self.reason}"


class MissingObject(ObjstoreError, KeyError):
    """The storage has no such object. Facts: `oid`."""

    def __init__(self, oid: bytes) -> None:
        super().__init__(oid)
        self.oid = oid

    def __str__(self) -> str:
        return f"object {self.oid.hex()} is not in this storage. Run: objstore doctor"


class CorruptObject(ObjstoreError):
    """Bytes are not what their id or their format says; they were not returned. Facts: `oid` (or None), `reason`."""

    def __init__(self, oid: bytes | None, reason: str) -> None:
        super().__init__(oid, reason)
        self.oid = oid
        self.reason = reason

    def __str__(self) -> str:
        what = "stored data" if self.oid is None else f"object {self.oid.hex()}"
        return f"{what} is damaged: {self.reason}. Run: objstore doctor"


class _Named(ObjstoreError):
    """An error about one name. Facts: `name`."""

    text = "{name!r}"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return self.text.format(name=self.name)


class UnknownConversation(_Named, KeyError):
    """There is no such conversation. Facts: `name`."""

    text = "no conversation {name!r} here. See: objstore conversations list (or open it with create=True)"


class UnknownWorkspace(_Named, KeyError):
    """There are no files under this name. Facts: `name`."""

    text = "no files {name!r} here. See: objstore files list (or open them with create=True)"


class UnknownSettings(_Named, KeyError):
    """There are no settings under this name. Facts: `name`."""

    text = "no settings {name!r} here. See: objstore settings list (or open them with create=True)"


class UnknownTag(_Named, KeyError):
    """There is no such tag. Facts: `name`."""

    text = "no tag {name!r} here. See: objstore tag"


class ConversationExists(_Named):
    """A conversation of this name exists. Facts: `name`."""

    text = "conversation {name!r} exists. Open it, or choose another name"


class WorkspaceExists(_Named):
    """Files of this name exist. Facts: `name`."""

    text = "files {name!r} exist. Open them, or choose another name"


class SettingsExist(_Named):
    """Settings of this name exist. Facts: `name`."""

    text = "settings {name!r} exist. Open them, or choose another name"


class TagExists(_Named):
    """A tag of this name exists. Facts: `name`."""

    text = "tag {name!r} exists. Delete it first, or choose another name"


class UnknownPath(ObjstoreError, FileNotFoundError):
    """No such file in the tree. Facts: `path`."""

    def __init__(self, path: str) -> None:
        Exception.__init__(self, path)
        self.path = path

    def __reduce__(self) -> tuple[type[UnknownPath], tuple[str]]:
        return type(self), (self.path,)

    def __str__(self) -> str:
        return f"no file {self.path!r} at this moment"


class PathExists(ObjstoreError, FileExistsError):
    """Something is at the path where a move or copy would put its files; nothing was changed. Facts: `path`."""

    def __init__(self, path: str) -> None:
        Exception.__init__(self, path)
        self.path = path

    def __reduce__(self) -> tuple[type[PathExists], tuple[str]]:
        return type(self), (self.path,)

    def __str__(self) -> str:
        return f"{self.path!r} is there. Choose another path, or overwrite=True"


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


class UnknownSetting(_Named, KeyError):
    """No such key in these settings. Facts: `name`."""

    text = "no setting {name!r} at this moment"


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


class DirtyWorkspace(ObjstoreError):
    """A directory has changes that no commit holds. Facts: `directory`, `paths` (at most twenty of them)."""

    def __init__(self, directory: str, paths: tuple[str, ...]) -> None:
        super().__init__(directory, paths)
        self.directory = directory
        self.paths = paths

    def __str__(self) -> str:
        return f"{self.directory} has unsaved changes ({', '.join(self.paths)}). Snapshot it first, or discard=True"


class MergeConflict(ObjstoreError):
    """Both sides changed the same keys differently; nothing was changed. Facts: `keys` (text, sorted)."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__(keys)
        self.keys = keys

    def __str__(self) -> str:
        shown = ", ".join(self.keys[:10]) + (" …" if len(self.keys) > 10 else "")
        return f"both sides changed: {shown}. Choose a side for each"


class MissingHistory(ObjstoreError, LookupError):
    """A bundle builds on commits that are not here; nothing was changed. Facts: `oids` (hex, sorted)."""

    def __init__(self, oids: tuple[str, ...]) -> None:
        super().__init__(oids)
        self.oids = oids

    def __str__(self) -> str:
        shown = ", ".join(oid[:12] for oid in self.oids[:3]) + (" …" if len(self.oids) > 3 else "")
        return f"this bundle continues a history that is not here ({shown}). Import the one before it first"


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


class CannotBisect(ObjstoreError, ValueError):
    """A search for the first bad moment cannot begin. Facts: `name`, `reason`."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot bisect {self.name}: {self.reason}. Give a good and a bad moment"


class UnknownFormat(ObjstoreError, ValueError):
    """No importer recognises a file. Facts: `source`, `reason`."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class InvalidSetting(ObjstoreError, ValueError):
    """A setting is not of the type that was asked for or declared, or what is no setting. Facts: `key`, `reason`.

    The reason never holds the value: it may be a secret.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"setting {self.key}: {self.reason}"


class UnreadableSettings(ObjstoreError, ValueError):
    """A text is no settings file of its format. Facts: `format`, `reason` (with the line where it is known)."""

    def __init__(self, format: str, reason: str) -> None:  # noqa: A002 - what it is
        super().__init__(format, reason)
        self.format = format
        self.reason = reason

    def __str__(self) -> str:
        return f"this is no {self.format} that can be read as settings: {self.reason}"


class MissingKey(ObjstoreError, LookupError):
    """The key that sealed a secret is not here. Facts: `key` (its name), `file` (where it should lie), `destroyed`."""

    def __init__(self, key: str, file: str, destroyed: bool = False) -> None:
        super().__init__(key, file, destroyed)
        self.key = key
        self.file = file
        self.destroyed = destroyed

    def __str__(self) -> str:
        if self.destroyed:
            return f"key {self.key} was destroyed on purpose: what it sealed cannot be read any more ({self.file})"
        return (
            f"key {self.key} is missing: this needs the file {self.file}. "
            "Bring it from the machine that made it (mode 0600), or give its recovery code: objstore keys recover"
        )


class UnsafeKeyFolder(ObjstoreError, PermissionError):
    """A key file or folder is open to others, or of somebody else; it was not used. Facts: `path`, `reason`, `remedy`."""

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        Exception.__init__(self, path, reason, remedy)
        self.path = path
        self.reason = reason
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[UnsafeKeyFolder], tuple[str, str, str]]:
        return type(self), (self.path, self.reason, self.remedy)

    def __str__(self) -> str:
        return f"{self.path} is refused: {self.reason}. {self.remedy}"


class DamagedKey(ObjstoreError):
    """A key file is cut short, altered, or holds another key than its name says. Facts: `path`, `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. Move it away, then restore it: objstore keys recover"


class BrokenSeal(ObjstoreError):
    """A secret does not open. Facts: `reason`, `key` (the setting's, or "")."""

    def __init__(self, reason: str, key: str = "") -> None:
        super().__init__(reason, key)
        self.reason = reason
        self.key = key

    def __str__(self) -> str:
        return (
            f"the secret {self.key or 'here'} does not open: {self.reason}. Set it again: objstore settings set-secret"
        )


class KeyInUse(ObjstoreError):
    """A key that was to be destroyed is still needed. Facts: `key` (its name), `reason`."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"key {self.key} is not destroyed: {self.reason}"


class InvalidRecoveryCode(ObjstoreError, ValueError):
    """A recovery code cannot be right; its text is not repeated here. Facts: `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"this is no recovery code: {self.reason}"


class RecoveryCodesShown(ObjstoreError):
    """The recovery codes were shown before. Facts: `when` (as text)."""

    def __init__(self, when: str) -> None:
        super().__init__(when)
        self.when = when

    def __str__(self) -> str:
        return f"the recovery codes were shown before ({self.when}). To see them once more: again=True"


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
