"""The exit codes, and which error ends with which. docs/reference/cli.md has the same table; a test compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
CONFLICT: Final = 4
DAMAGED: Final = 5
UNUSABLE: Final = 6
DENIED: Final = 7
INTERRUPTED: Final = 130

MEANINGS: Final[Mapping[int, str]] = {
    OK: "done",
    ERROR: "an error that has no code of its own, or something was left out and said so",
    USAGE: "wrong usage: an unknown command or option, a missing argument, input that is refused (no JSON, no name)",
    NOT_FOUND: "not found: a conversation, files, settings, a tag, a file, a key or a moment",
    CONFLICT: "a conflict: something moved meanwhile, exists already, or would be overwritten",
    DAMAGED: "damaged: stored data is missing or not what was written",
    UNUSABLE: "the store cannot be used: there is none, or it is locked, full, read-only, failing or too new",
    DENIED: "not allowed: a token, passphrase or key that is not accepted, or something that nobody granted",
    INTERRUPTED: "interrupted",
}


# Names, not classes: the errors are loaded only where something goes wrong. One name a line keeps changes apart.
_ENDS_WITH: Final[Mapping[str, int]] = {
    "NotAStore": UNUSABLE,
    "ReadOnlyStore": UNUSABLE,
    "RemoteFailed": UNUSABLE,
    "RemoteRefused": UNUSABLE,
    "ServerBusy": UNUSABLE,
    "StorageFailure": UNUSABLE,
    "StoreClosed": UNUSABLE,
    "StoreFull": UNUSABLE,
    "StoreLocked": UNUSABLE,
    "UnsupportedFormat": UNUSABLE,
    "OldFormat": UNUSABLE,
    "AccessDenied": DENIED,
    "InvalidToken": DENIED,
    "KeyNeeded": DENIED,
    "NotAMember": DENIED,
    "WrongPassphrase": DENIED,
    "BrokenAudit": DAMAGED,
    "BrokenLog": DAMAGED,
    "BrokenSeal": DAMAGED,
    "BrokenSignature": DAMAGED,
    "CorruptObject": DAMAGED,
    "DamagedKey": DAMAGED,
    "DamagedKeyStore": DAMAGED,
    "DowngradedKeyStore": DAMAGED,
    "MissingObject": DAMAGED,
    "CollectedObject": CONFLICT,
    "RolledBack": DAMAGED,
    "ConversationExists": CONFLICT,
    "DirtyWorkspace": CONFLICT,
    "Diverged": CONFLICT,
    "HistoryDiverged": CONFLICT,
    "StaysSealed": CONFLICT,
    "KeyInUse": CONFLICT,
    "LockHeld": CONFLICT,
    "LockLost": CONFLICT,
    "MergeConflict": CONFLICT,
    "MovedHead": CONFLICT,
    "PathExists": CONFLICT,
    "RecoveryCodesShown": CONFLICT,
    "RefConflict": CONFLICT,
    "RemoteExists": CONFLICT,
    "SettingsExist": CONFLICT,
    "SharedHistory": CONFLICT,
    "StoreExists": CONFLICT,
    "TagExists": CONFLICT,
    "WorkspaceExists": CONFLICT,
    "InvalidGrant": USAGE,
    "InvalidPath": USAGE,
    "InvalidPattern": USAGE,
    "InvalidQuery": USAGE,
    "InvalidRecoveryCode": USAGE,
    "InvalidRefName": USAGE,
    "InvalidRemote": USAGE,
    "InvalidRequest": USAGE,
    "InvalidRevision": USAGE,
    "InvalidSetting": USAGE,
    "InvalidValue": USAGE,
    "NotEncrypted": USAGE,
    "TooLarge": USAGE,
    "UnknownFormat": USAGE,
    "UnreadableSettings": USAGE,
    "MissingKey": NOT_FOUND,
    "MissingKeyStore": NOT_FOUND,
    "RedactedEvent": NOT_FOUND,
    "SquashedHistory": NOT_FOUND,
    "UnknownConversation": NOT_FOUND,
    "UnknownGrant": NOT_FOUND,
    "UnknownToken": NOT_FOUND,
    "MissingHistory": NOT_FOUND,
    "UnknownPath": NOT_FOUND,
    "UnknownRemote": NOT_FOUND,
    "UnknownRevision": NOT_FOUND,
    "UnknownSetting": NOT_FOUND,
    "UnknownSettings": NOT_FOUND,
    "UnknownTag": NOT_FOUND,
    "UnknownVersion": NOT_FOUND,
    "UnknownWorkspace": NOT_FOUND,
    "NotABackup": NOT_FOUND,
    "FileNotFoundError": NOT_FOUND,
    "IndexError": NOT_FOUND,
}


def code_of(error: Exception) -> int:
    """The exit code for an error: that of its class, or of the nearest one above it."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_ENDS_WITH[name] for name in names if name in _ENDS_WITH), ERROR)


def codes() -> Mapping[str, int]:
    """Every class of errors with a code, for the documentation and its tests."""
    return _ENDS_WITH
