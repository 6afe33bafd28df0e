"""Settings that do not fit, and texts that are none."""

from __future__ import annotations

from refs.errors import ObjstoreError


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
