"""Keys, seals and recovery codes."""

from __future__ import annotations

from refs.errors import ObjstoreError


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
