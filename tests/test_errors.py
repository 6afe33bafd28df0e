"""The tree of errors: every one pickles with its facts, can be caught by its root and says what to do."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from objstore import errors
from objstore.errors import ObjstoreError
from objstore.errors.sync import Divergence

OID = bytes(range(32))
PARTED = Divergence("conversations/c1", "diverged", "3f" * 32, "9b" * 32, "4c" * 32, 2, 3)

# Arguments and, for each class, the builtin that it also is.
SAMPLES: dict[str, tuple[tuple[object, ...], type[Exception]]] = {
    "AccessDenied": (("ada", "append", "conversations/c1"), Exception),
    "AmbiguousId": (("3f", ("3f" * 32, "3fa0" * 16)), ValueError),
    "BrokenAudit": (("/tmp/x/access.sqlite", 7), Exception),
    "BrokenLog": (("conversations/c1", 7), Exception),
    "BrokenSeal": (("it was altered", "llm.api_key"), Exception),
    "BrokenSignature": (("the tag v1", "the key is unknown here", "ed25519-" + "3f" * 32), Exception),
    "CannotBisect": (("c1", "the head is good"), ValueError),
    "CollectedObject": ((OID,), KeyError),
    "ConversationExists": (("c1",), Exception),
    "CorruptObject": ((OID, "its id does not fit"), Exception),
    "DamagedKey": (("/tmp/k.key", "it is cut short"), Exception),
    "DamagedKeyStore": (("/s/keystore", "it is cut short"), Exception),
    "Diverged": (("origin", "pull", (PARTED,)), Exception),
    "DirtyWorkspace": (("work", ("a.txt", "b.txt")), Exception),
    "DowngradedKeyStore": (("/s/keystore", "1 pass", "3 passes"), Exception),
    "HistoryDiverged": (("c1", "3f" * 32, "9b" * 32), Exception),
    "InvalidGrant": (("reed", "the verbs are read, create"), ValueError),
    "InvalidPath": (("../x", "it leaves the directory"), ValueError),
    "InvalidPattern": (("a[", "a [ without its ]"), ValueError),
    "InvalidRecoveryCode": (("a character is wrong",), ValueError),
    "InvalidQuery": (("a AND", 2, "nothing stands behind AND"), ValueError),
    "InvalidRefName": (("a//b", "it has an empty part"), ValueError),
    "InvalidRemote": (("ftp://x", "of an unknown kind"), ValueError),
    "InvalidRequest": (("limit", "it is no number"), ValueError),
    "InvalidRevision": (("c1#x", "what follows # is no number"), ValueError),
    "InvalidSetting": (("llm.limit", "is text"), ValueError),
    "InvalidToken": (("it has expired",), Exception),
    "InvalidValue": (("event.x", "is bytes"), ValueError),
    "KeyInUse": (("3f2a (epoch 1)", "settings/user needs it"), Exception),
    "StaysSealed": (("/tmp/x", "push"), Exception),
    "KeyNeeded": (("/tmp/x",), Exception),
    "LockHeld": (("build", "worker-7", 1_700_000_000_000_000), Exception),
    "LockLost": (("build", 7), Exception),
    "MergeConflict": ((("a", "b"),), Exception),
    "MissingKey": (("3f2a (epoch 1)", "/tmp/k.key", False), LookupError),
    "MissingKeyStore": (("/s/keystore",), LookupError),
    "MissingHistory": ((("3f" * 32,),), LookupError),
    "MissingObject": ((OID,), KeyError),
    "MovedHead": (("c1", OID, None, "2 new events by worker-7"), Exception),
    "NotABackup": (("/tmp/x", "it is empty"), FileNotFoundError),
    "NotAMember": (("/s/keystore", "ada"), Exception),
    "NotAStore": (("/tmp/x", "it is empty"), FileNotFoundError),
    "NotEncrypted": (("/tmp/x",), ValueError),
    "NothingToUndo": (("c1", "undo"), Exception),
    "ObjstoreError": (("anything",), Exception),
    "PathExists": (("a.txt",), FileExistsError),
    "OldFormat": (("/tmp/x", "it is of format 0"), Exception),
    "ReadOnlyStore": (("/tmp/x", "no permission"), Exception),
    "RecoveryCodesShown": (("2026-11-24",), Exception),
    "RedactedEvent": ((OID, "ada", 1_700_000_000_000_000, "a password"), KeyError),
    "RefConflict": (("conversations/c1", None, OID), Exception),
    "RemoteExists": (("origin",), Exception),
    "RemoteFailed": (("ssh://host/x", "it went away"), Exception),
    "RemoteRefused": (("ssh://host/x", "limit", "it is too much"), Exception),
    "Rewound": (("origin", "push", (PARTED,)), Exception),
    "RolledBack": (("/tmp/x", "checkpoint 7", "checkpoint 5"), Exception),
    "SettingsExist": (("user",), Exception),
    "ServerBusy": (("300 requests wait", 1), Exception),
    "SharedHistory": (("c1", 499, ("c2", "c3")), Exception),
    "SquashedHistory": ((499, "3f" * 32), LookupError),
    "StorageFailure": (("/tmp/x", "disk I/O error"), Exception),
    "StoreClosed": (("/tmp/x", "it was closed"), Exception),
    "StoreExists": (("/tmp/x", "the folder is not empty"), Exception),
    "StoreFull": (("/tmp/x", "disk full"), Exception),
    "StoreLocked": (("/tmp/x", "process 7 writes"), Exception),
    "TagExists": (("v1",), Exception),
    "TooLarge": (("the body", 1000), Exception),
    "UnknownConversation": (("c1",), KeyError),
    "UnknownFormat": (("x.json", "no importer knows it"), ValueError),
    "UnknownGrant": (("ada", "conversations/c1"), KeyError),
    "UnknownPath": (("a.txt",), FileNotFoundError),
    "UnknownRemote": (("origin",), KeyError),
    "UnknownRevision": (("c1~9", "the chain is shorter"), LookupError),
    "UnknownSetting": (("llm.model",), KeyError),
    "UnknownSettings": (("user",), KeyError),
    "UnknownTag": (("v1",), KeyError),
    "UnknownToken": (("3f2a9c0012345678",), KeyError),
    "UnknownVersion": (("/tmp/x", 3), KeyError),
    "UnknownWorkspace": (("ws",), KeyError),
    "UnreadableSettings": (("TOML", "line 3: no key"), ValueError),
    "UnsafeKeyFolder": (("/tmp/k.key", "others can read it", "Run: chmod 600 /tmp/k.key"), PermissionError),
    "UnsupportedFormat": (("/tmp/x", "format 9"), Exception),
    "WorkspaceExists": (("ws",), Exception),
    "WrongPassphrase": (("/s/keystore",), Exception),
}


def made(name: str) -> ObjstoreError:
    return getattr(errors, name)(*SAMPLES[name][0])


def facts(error: ObjstoreError) -> dict[str, object]:
    return {name: value for name, value in vars(error).items() if not name.startswith("__")}


def test_every_error_of_the_tree_is_listed_and_has_a_sample() -> None:
    public = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, ObjstoreError) and not name.startswith("_")
    }
    assert set(errors.__all__) == public == set(SAMPLES)


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_pickles_and_copies_with_its_facts(name: str) -> None:
    error = made(name)
    for twin in (*(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(6)), copy.copy(error)):
        assert type(twin) is type(error)
        assert facts(twin) == facts(error)
        assert str(twin) == str(error)


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_is_caught_by_the_root_and_by_its_builtin(name: str) -> None:
    for base in (ObjstoreError, SAMPLES[name][1]):
        with pytest.raises(base):
            raise made(name)


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_says_its_facts_in_words(name: str) -> None:
    text = str(made(name))
    first = SAMPLES[name][0][0]
    shown = first.hex()[:8] if isinstance(first, bytes) else first[0][:12] if isinstance(first, tuple) else str(first)
    assert shown in text
    assert text != repr(SAMPLES[name][0])
    assert "{" not in text


@pytest.mark.parametrize("name", sorted(set(errors.__all__) - {"ObjstoreError"}))
def test_an_error_carries_its_arguments_as_named_facts(name: str) -> None:
    error = made(name)
    for fact in SAMPLES[name][0]:
        assert fact in list(vars(error).values())


def test_a_moved_head_is_told_as_the_design_words_it() -> None:
    error = errors.MovedHead("c1", bytes.fromhex("3f2a" * 16), bytes.fromhex("9b1c" * 16), "2 new events by worker-7")
    assert str(error) == (
        "c1 moved: expected 3f2a3f2a…, now 9b1c9b1c… (2 new events by worker-7). Read again, or drop expected_head"
    )


def test_damage_without_an_id_is_told_too() -> None:
    assert str(errors.CorruptObject(None, "cut short")) == "stored data is damaged: cut short. Run: objstore doctor"
