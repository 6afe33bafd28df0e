"""Which error is told with which status. docs/reference/http-api.md has the same table; a test compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
TOO_LARGE: Final = 413
REFUSED: Final = 422
FAULT: Final = 500
BUSY: Final = 503
FULL: Final = 507

_STATUS: Final[Mapping[str, int]] = {
    "InvalidToken": UNAUTHORIZED,
    "AccessDenied": FORBIDDEN,
    "ReadOnlyStore": FORBIDDEN,
    "SquashedHistory": NOT_FOUND,
    "UnknownConversation": NOT_FOUND,
    "UnknownGrant": NOT_FOUND,
    "UnknownPath": NOT_FOUND,
    "UnknownRevision": NOT_FOUND,
    "UnknownSetting": NOT_FOUND,
    "UnknownSettings": NOT_FOUND,
    "UnknownTag": NOT_FOUND,
    "UnknownToken": NOT_FOUND,
    "UnknownVersion": NOT_FOUND,
    "UnknownWorkspace": NOT_FOUND,
    "ConversationExists": CONFLICT,
    "DirtyWorkspace": CONFLICT,
    "HistoryDiverged": CONFLICT,
    "KeyInUse": CONFLICT,
    "LockHeld": CONFLICT,
    "LockLost": CONFLICT,
    "MergeConflict": CONFLICT,
    "MissingHistory": CONFLICT,
    "MissingKey": CONFLICT,
    "MovedHead": CONFLICT,
    "NothingToUndo": CONFLICT,
    "PathExists": CONFLICT,
    "RefConflict": CONFLICT,
    "SharedHistory": CONFLICT,
    "SettingsExist": CONFLICT,
    "StoreExists": CONFLICT,
    "TagExists": CONFLICT,
    "WorkspaceExists": CONFLICT,
    "TooLarge": TOO_LARGE,
    "CannotBisect": REFUSED,
    "InvalidGrant": REFUSED,
    "InvalidPath": REFUSED,
    "InvalidPattern": REFUSED,
    "InvalidQuery": REFUSED,
    "InvalidRefName": REFUSED,
    "InvalidRequest": REFUSED,
    "InvalidRevision": REFUSED,
    "InvalidSetting": REFUSED,
    "InvalidValue": REFUSED,
    "UnknownFormat": REFUSED,
    "UnreadableSettings": REFUSED,
    "ServerBusy": BUSY,
    "StoreClosed": BUSY,
    "StoreLocked": BUSY,
    "StoreFull": FULL,
}


def status_of(error: Exception) -> int:
    """The status for an error: that of its class, or of the nearest one above it; 500 for damage and failures."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_STATUS[name] for name in names if name in _STATUS), FAULT)
