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
INTERRUPTED: Final = 130

MEANINGS: Final[Mapping[int, str]] = {
    OK: "done",
    ERROR: "an error that has no code of its own, or something was left out and said so",
    USAGE: "wrong usage: an unknown command or option, a missing argument, input that is refused (no JSON, no name)",
    NOT_FOUND: "not found: a conversation, files, settings, a tag, a file, a key or a moment",
    CONFLICT: "a conflict: something moved meanwhile, exists already, or would be overwritten",
    DAMAGED: "damaged: stored data is missing or not what was written",
    UNUSABLE: "the store cannot be used: there is none, or it is locked, full, read-only, failing or too new",
    INTERRUPTED: "interrupted",
}


def code_of(error: Exception) -> int:
    """The exit code for an error."""
    # Loaded only when something went wrong: most commands end without.
    from objstore import errors as e

    unusable = (e.NotAStore, e.StoreLocked, e.StoreFull, e.ReadOnlyStore, e.StorageFailure, e.StoreClosed)
    exists = (e.ConversationExists, e.WorkspaceExists, e.SettingsExist, e.TagExists, e.StoreExists)
    held = (e.PathExists, e.LockHeld, e.LockLost, e.KeyInUse)
    refused = (
        e.InvalidValue,
        e.InvalidPath,
        e.InvalidRefName,
        e.InvalidRevision,
        e.InvalidSetting,
        e.InvalidRecoveryCode,
    )
    kinds: tuple[tuple[int, tuple[type[Exception], ...]], ...] = (
        (USAGE, (e.InvalidQuery,)),
        (UNUSABLE, (*unusable, e.UnsupportedFormat)),
        (DAMAGED, (e.CorruptObject, e.BrokenLog, e.MissingObject, e.BrokenSeal, e.DamagedKey)),
        (CONFLICT, (e.MovedHead, e.RefConflict, e.DirtyWorkspace, e.MergeConflict, *exists, *held)),
        (NOT_FOUND, (e.UnknownRevision, e.UnknownConversation, e.UnknownWorkspace, e.UnknownSettings, e.UnknownTag)),
        (USAGE, refused),
        (
            NOT_FOUND,
            (
                e.UnknownPath,
                e.UnknownSetting,
                e.UnknownVersion,
                e.NotABackup,
                e.MissingKey,
                FileNotFoundError,
                IndexError,
            ),
        ),
    )
    return next((code for code, types in kinds if isinstance(error, types)), ERROR)
