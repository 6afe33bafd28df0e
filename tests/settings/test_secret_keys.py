from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import objstore
from objstore.errors import InvalidRecoveryCode, KeyInUse, MissingKey, RecoveryCodesShown

pytestmark = pytest.mark.filterwarnings("ignore::objstore.keys.source.KeyWarning")


@pytest.fixture(params=["memory", "local"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> objstore.Store:
    return objstore.open("memory:" if request.param == "memory" else tmp_path / "any", create=True)


def epochs(store: objstore.Store) -> list[int]:
    return [key.epoch for key in store.keys.find()]


def test_rotation_seals_every_head_anew_and_older_moments_still_open(any_store: objstore.Store) -> None:
    store = any_store
    user = store.settings.open("user", create=True)
    store.settings.open("plain", create=True).set("a", 1)
    conv = store.conversations.open("c", create=True)
    user.set_secret("k", "one")
    conv.append("event")
    conv.settings.set_secret("k", "two")
    before = conv.head
    done = store.keys.rotate()
    assert (done.epoch, done.refs, done.left_out) == (2, ["settings/user", "conversations/c"], [])
    assert epochs(store) == [1, 2]
    assert [key.current for key in store.keys.find()] == [False, True]
    assert conv.head.message == "rotate keys"
    assert (conv.head.events, list(conv)) == (1, ["event"])
    for found in (user, conv.settings):
        assert found.get("k").reveal() == found.at("~1").get("k").reveal()
    assert store.keys.destroy(1)[0].split("-")[1] == "1"
    assert (user.get("k").reveal(), conv.settings.get("k").reveal()) == ("one", "two")
    with pytest.raises(MissingKey, match="destroyed on purpose"):
        conv.at(before).settings.get("k").reveal()


def test_forks_that_share_a_secret_merge_after_a_rotation(memory: objstore.Store) -> None:
    conv = memory.conversations.open("c", create=True)
    conv.settings.set_secret("k", "shared")
    fork = conv.fork("d")
    fork.append("more")
    memory.keys.rotate()
    conv.merge(fork)
    assert (list(conv), conv.settings.get("k").reveal()) == (["more"], "shared")


def test_a_rotation_that_was_interrupted_is_finished_by_the_next(memory: objstore.Store) -> None:
    user = memory.settings.open("user", create=True)
    user.set_secret("k", "one")
    user._repo.keys.renew()  # a rotation that got no further than its key
    assert user.get("k").reveal() == "one"
    with pytest.raises(KeyInUse, match="settings/user needs it for k"):
        memory.keys.destroy(1)
    memory.keys.rotate()
    memory.keys.destroy(1)
    memory.keys.destroy(2)
    assert user.get("k").reveal() == "one"


def test_a_secret_that_cannot_be_opened_is_left_and_told(store: objstore.Store, keys: Path, tmp_path: Path) -> None:
    found = store.settings.open("s", create=True)
    found.set_secret("lost", "x")
    shutil.rmtree(keys)
    with objstore.open(tmp_path / "store") as again:
        found = again.settings.open("s")
        found.set_secret("kept", "y")
        done = again.keys.rotate()
        assert done.refs == ["settings/s"]
        ((ref, key, reason),) = done.left_out
        assert (ref, key) == ("settings/s", "lost")
        assert "is missing" in reason
        assert found.get("kept").reveal() == "y"


def test_destroying_the_key_that_seals_or_one_that_is_not_there_is_refused(any_store: objstore.Store) -> None:
    any_store.settings.open("s", create=True).set_secret("k", "x")
    with pytest.raises(KeyInUse, match="Rotate first"):
        any_store.keys.destroy(1)
    with pytest.raises(KeyInUse, match="none here"):
        any_store.keys.destroy(7)
    assert epochs(any_store) == [1]


def test_a_recovery_code_is_shown_once_and_brings_a_lost_key_back(
    store: objstore.Store, keys: Path, tmp_path: Path
) -> None:
    found = store.settings.open("s", create=True)
    assert store.keys.recovery_codes() == []
    found.set_secret("k", "one")
    (code,) = store.keys.recovery_codes()
    with pytest.raises(RecoveryCodesShown, match="again=True"):
        store.keys.recovery_codes()
    assert store.keys.recovery_codes(again=True) == [code]
    store.keys.rotate()
    (second,) = store.keys.recovery_codes()
    assert second != code
    assert store.keys.recovery_codes(again=True) == [code, second]
    shutil.rmtree(keys)
    with objstore.open(tmp_path / "store") as again:
        with pytest.raises(MissingKey):
            again.settings.open("s").get("k").reveal()
        with pytest.raises(InvalidRecoveryCode):
            again.keys.recover([second, code[:-1] + "?"])
        with pytest.raises(InvalidRecoveryCode, match="none was given"):
            again.keys.recover([])
        assert epochs(again) == []
        names = again.keys.recover([second, code])
        assert sorted(names) == sorted(key.name for key in again.keys.find())
        assert again.settings.open("s").get("k").reveal() == "one"
        assert again.settings.open("s").at("~1").get("k").reveal() == "one"
        assert next(iter(again.keys.find())).shown is None


def test_keys_of_other_stores_in_the_same_folder_are_none_of_ours(store: objstore.Store, tmp_path: Path) -> None:
    store.settings.open("s", create=True).set_secret("k", "x")
    with objstore.open(tmp_path / "other", create=True) as other:
        assert other.keys.find() == []
        other.settings.open("s", create=True).set_secret("k", "y")
        assert len(other.keys.find()) == len(store.keys.find()) == 1
        assert other.keys.find() != store.keys.find()
