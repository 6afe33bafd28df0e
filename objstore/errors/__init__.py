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
    │   ├── CollectedObject                      one that was deleted while a writer came to rely on it
    │   └── RedactedEvent                        an event whose content was taken away for good
    ├── SquashedHistory     (LookupError)        a moment before the point where a history begins since it was squashed
    ├── CorruptObject                            bytes that are not what their id or format says
    ├── UnknownConversation, UnknownWorkspace, UnknownSettings, UnknownTag  (KeyError)
    ├── ConversationExists, WorkspaceExists, SettingsExist, TagExists
    ├── UnknownPath         (FileNotFoundError)  no such file in a tree
    ├── PathExists          (FileExistsError)    something is where a move or copy would put its files
    ├── LockHeld                                 somebody else has a lock
    ├── LockLost                                 a lock ran out, and somebody else took it
    ├── UnknownSetting      (KeyError)           no such key in settings
    ├── MovedHead                                the head is not the one that the caller pinned or saw
    ├── SharedHistory                            others share the beginning that was to be squashed
    ├── NothingToUndo                            undo or redo has no step left
    ├── DirtyWorkspace                           a directory has changes that a checkout would overwrite
    ├── MissingHistory                           a bundle builds on commits that are not here
    ├── HistoryDiverged                          a name has one history here and another there
    ├── Diverged                                 refs have a history here and another at a remote
    │   └── Rewound                              … because one side was moved back on purpose
    ├── UnknownRemote       (KeyError)           no remote of this name
    ├── RemoteExists                             a remote of this name is there already
    ├── InvalidRemote       (ValueError)         a URL, name or pattern that no remote can have
    ├── RemoteFailed                             the far side cannot be reached, or went away
    ├── RemoteRefused                            the far side answered, and refused
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
    ├── KeyNeeded, WrongPassphrase, NotAMember   an encrypted store that is not opened by what was given, or by nothing
    ├── MissingKeyStore     (LookupError)        the file without which an encrypted store cannot be read is gone
    ├── DamagedKeyStore, DowngradedKeyStore      … or it was cut short or altered, or made easy to guess
    ├── NotEncrypted        (ValueError)         a passphrase or key for a store that is not encrypted
    ├── RolledBack                               a store that is older than it was when it was last seen
    ├── BrokenSignature                          a signature that is missing, does not hold, or is by an unknown key
    ├── StaysSealed                         an encrypted store, whose content does not go into another store or a bundle
    ├── NotABackup          (FileNotFoundError)  a folder that holds no backup
    ├── UnknownVersion      (KeyError)           a backup has no such version
    ├── InvalidToken                             a token that is unknown, mistyped, expired or revoked
    ├── AccessDenied                             nobody granted this
    ├── InvalidGrant        (ValueError)         what makes no grant or token
    ├── UnknownGrant, UnknownToken               (KeyError)
    ├── InvalidRequest      (ValueError)         what a server cannot read
    ├── TooLarge, ServerBusy                     what a server does not take, or not now
    ├── BrokenAudit                              the log of access was altered or cut
    ├── OldFormat                                a store of an older format, which has to be upgraded first
    ├── NotAStore, StoreExists, StoreLocked, UnsupportedFormat, ReadOnlyStore, StoreFull, StoreClosed
    └── StorageFailure                           the disk reported an error; the store refuses to go on with that file

They carry facts in `args`, so that they pickle. Exit codes are the command line's business.
"""

from __future__ import annotations

from objstore.errors.access import (
    AccessDenied,
    BrokenAudit,
    InvalidGrant,
    InvalidToken,
    UnknownGrant,
    UnknownToken,
)
from objstore.errors.changes import (
    DirtyWorkspace,
    HistoryDiverged,
    LockHeld,
    LockLost,
    MergeConflict,
    MovedHead,
    NothingToUndo,
    SharedHistory,
)
from objstore.errors.encryption import (
    DamagedKeyStore,
    DowngradedKeyStore,
    KeyNeeded,
    MissingKeyStore,
    NotAMember,
    NotEncrypted,
    StaysSealed,
    WrongPassphrase,
)
from objstore.errors.input import (
    AmbiguousId,
    CannotBisect,
    InvalidPath,
    InvalidPattern,
    InvalidQuery,
    InvalidRevision,
    InvalidValue,
    UnknownFormat,
    UnknownRevision,
)
from objstore.errors.keys import (
    BrokenSeal,
    DamagedKey,
    InvalidRecoveryCode,
    KeyInUse,
    MissingKey,
    RecoveryCodesShown,
    UnsafeKeyFolder,
)
from objstore.errors.names import (
    ConversationExists,
    PathExists,
    SettingsExist,
    TagExists,
    UnknownConversation,
    UnknownPath,
    UnknownSetting,
    UnknownSettings,
    UnknownTag,
    UnknownWorkspace,
    WorkspaceExists,
)
from objstore.errors.objects import (
    CollectedObject,
    CorruptObject,
    MissingHistory,
    MissingObject,
    RedactedEvent,
    SquashedHistory,
)
from objstore.errors.places import (
    NotABackup,
    NotAStore,
    OldFormat,
    ReadOnlyStore,
    StorageFailure,
    StoreClosed,
    StoreExists,
    StoreFull,
    StoreLocked,
    UnknownVersion,
    UnsupportedFormat,
)
from objstore.errors.requests import InvalidRequest, ServerBusy, TooLarge
from objstore.errors.settings import InvalidSetting, UnreadableSettings
from objstore.errors.signatures import BrokenSignature, RolledBack
from objstore.errors.sync import (
    Diverged,
    InvalidRemote,
    RemoteExists,
    RemoteFailed,
    RemoteRefused,
    Rewound,
    UnknownRemote,
)
from refs.errors import BrokenLog, InvalidRefName, ObjstoreError, RefConflict

__all__ = [
    "AccessDenied",
    "AmbiguousId",
    "BrokenAudit",
    "BrokenLog",
    "BrokenSeal",
    "BrokenSignature",
    "CannotBisect",
    "CollectedObject",
    "ConversationExists",
    "CorruptObject",
    "DamagedKey",
    "DamagedKeyStore",
    "DirtyWorkspace",
    "Diverged",
    "DowngradedKeyStore",
    "HistoryDiverged",
    "InvalidGrant",
    "InvalidPath",
    "InvalidPattern",
    "InvalidQuery",
    "InvalidRecoveryCode",
    "InvalidRefName",
    "InvalidRemote",
    "InvalidRequest",
    "InvalidRevision",
    "InvalidSetting",
    "InvalidToken",
    "InvalidValue",
    "KeyInUse",
    "KeyNeeded",
    "LockHeld",
    "LockLost",
    "MergeConflict",
    "MissingHistory",
    "MissingKey",
    "MissingKeyStore",
    "MissingObject",
    "MovedHead",
    "NotABackup",
    "NotAMember",
    "NotAStore",
    "NotEncrypted",
    "NothingToUndo",
    "ObjstoreError",
    "OldFormat",
    "PathExists",
    "ReadOnlyStore",
    "RecoveryCodesShown",
    "RedactedEvent",
    "RefConflict",
    "RemoteExists",
    "RemoteFailed",
    "RemoteRefused",
    "Rewound",
    "RolledBack",
    "ServerBusy",
    "SettingsExist",
    "SharedHistory",
    "SquashedHistory",
    "StaysSealed",
    "StorageFailure",
    "StoreClosed",
    "StoreExists",
    "StoreFull",
    "StoreLocked",
    "TagExists",
    "TooLarge",
    "UnknownConversation",
    "UnknownFormat",
    "UnknownGrant",
    "UnknownPath",
    "UnknownRemote",
    "UnknownRevision",
    "UnknownSetting",
    "UnknownSettings",
    "UnknownTag",
    "UnknownToken",
    "UnknownVersion",
    "UnknownWorkspace",
    "UnreadableSettings",
    "UnsafeKeyFolder",
    "UnsupportedFormat",
    "WorkspaceExists",
    "WrongPassphrase",
]
