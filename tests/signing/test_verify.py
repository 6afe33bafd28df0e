from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.errors import BrokenSignature, RolledBack
from objstore.keys.signing_file import parse_key
from objstore.signing.verify import Verified
from objstore.storage.local.moves import PATIENCE
from tests.processes import environment
from tests.signing.worlds import NAME, in_journal, kinds, make, rewritten, verified


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def place(tmp_path: Path, keys: Path) -> Path:
    return make(tmp_path / "store", keys)


def test_a_store_is_signed_when_it_is_closed_and_found_as_it_was(place: Path, keys: Path) -> None:
    found = verified(place, keys)
    assert (found.sound, found.number, found.by, found.refs) == (True, 1, "you", 3)
    with objstore.open(place, keys=keys) as store:
        store.conversations.open("c").append("more")
        assert kinds(store.verify()) == {("unsigned", NAME)}
    again = verified(place, keys)
    assert (again.sound, again.number) == (True, 2)
    assert verified(place, keys) == again  # looking changes nothing


def test_an_empty_store_and_one_in_memory_have_nothing_to_doubt(tmp_path: Path, keys: Path) -> None:
    objstore.open(tmp_path / "empty", create=True, keys=keys).close()
    assert verified(tmp_path / "empty", keys) == Verified(0, 0, None, 0, ())
    with objstore.open("memory:", keys=keys) as store:
        store.conversations.open("c", create=True).append(1)
        assert (store.sign().number, store.verify().sound, store.verify().refs) == (0, True, 1)
        with pytest.raises(BrokenSignature):
            store.anchor(tmp_path / "anchor")


@pytest.mark.parametrize(
    "change",
    [
        lambda events: [*events[:2], {"n": 2, "of": "nobody"}, *events[3:]],
        lambda events: events[:-2],
        lambda events: [*events[:2], *events[3:]],
        lambda events: [events[0], events[2], events[1], *events[3:]],
        lambda events: [*events, {"n": 5, "of": "c"}],
        lambda events: [*events, "longer", "than", "it", "was"],
        lambda events: events,  # The same words, written anew: salts and times are others.
    ],
    ids=["altered", "cut off", "one gone", "swapped", "one more", "longer", "anew"],
)
def test_a_history_that_was_written_anew_with_all_its_hashes_is_found(
    change: Any, place: Path, keys: Path, tmp_path: Path
) -> None:
    rewritten(place, tmp_path, change)
    with objstore.open(place, keys=keys) as store:
        assert list(store.conversations.open("c")) == change([{"n": n, "of": "c"} for n in range(5)])
        assert store.fsck().findings == ()  # Without signatures nobody could tell.
        assert ("altered", NAME) in kinds(store.verify())
        assert ("altered", "conversations/d") not in kinds(store.verify())


def test_what_was_altered_is_not_signed_over_by_the_next_append(place: Path, keys: Path, tmp_path: Path) -> None:
    rewritten(place, tmp_path, lambda events: events[:-2])
    with objstore.open(place, keys=keys) as store:
        store.conversations.open("c").append("on top")
        store.conversations.open("d").append("beside")
        assert store.sign().left_out == (NAME,)
    assert kinds(verified(place, keys)) == {("altered", NAME)}
    with objstore.open(place, keys=keys) as store:
        store.sign(accept=True)
    assert verified(place, keys).sound


def test_an_event_that_somebody_without_the_key_added_stays_unsigned(place: Path, keys: Path, tmp_path: Path) -> None:
    with objstore.open(place, keys=tmp_path / "theirs") as store:
        store.conversations.open("c").append("forged")
    assert kinds(verified(place, keys)) == {("unsigned", NAME)}
    with objstore.open(place, keys=keys) as store:
        store.conversations.open("c").append("ours, after theirs")
        assert store.sign().left_out == (NAME,)
    assert kinds(verified(place, keys)) == {("unsigned", NAME)}


def test_steps_of_a_process_that_was_killed_are_unsigned_until_they_are_accepted(place: Path, keys: Path) -> None:
    code = (
        "import objstore, os, sys\n"
        "store = objstore.open(sys.argv[1], keys=sys.argv[2])\n"
        "store.conversations.open('c').append('before the kill')\n"
        "os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(place), str(keys)], env=environment(), check=False)
    assert done.returncode == 9
    found = verified(place, keys)
    assert kinds(found) == {("unsigned", NAME)}
    assert found.doubts[0].reason == "step 7 is not signed"
    with objstore.open(place, keys=keys) as store:
        assert store.sign(accept=True).refs == 3
    assert verified(place, keys).sound


def test_a_deleted_ref_is_signed_and_cannot_be_brought_back_unseen(place: Path, keys: Path) -> None:
    with objstore.open(place, keys=keys) as store:
        store.conversations.delete("c")
    assert verified(place, keys).sound
    in_journal(
        place,
        "DELETE FROM reflog WHERE id = (SELECT entry FROM refs WHERE name = 'conversations/c')",
        "UPDATE refs SET entry = (SELECT max(id) FROM reflog WHERE ref = refs.id) WHERE name = 'conversations/c'",
    )
    with objstore.open(place, keys=keys) as store:
        assert store.conversations.open("c")[-1] == {"n": 4, "of": "c"}
        assert ("altered", NAME) in kinds(store.verify())


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM heads WHERE name = 'conversations/c'", "altered"),
        ("UPDATE heads SET last = last - 1 WHERE name = 'conversations/c'", "altered"),
        ("UPDATE heads SET chain = 'text' WHERE name = 'conversations/c'", "altered"),
        ("UPDATE heads SET bucket = 255 - bucket WHERE name = 'conversations/c'", "altered"),
        ("UPDATE checkpoint SET buckets = x''", "altered"),
        ("UPDATE checkpoint SET body = zeroblob(113)", "untrusted"),
        ("UPDATE checkpoint SET body = 7", "altered"),
        ("UPDATE checkpoint SET signature = zeroblob(97)", "untrusted"),
        ("DELETE FROM checkpoint", "rolled back"),
        ("DROP TABLE checkpoint", "rolled back"),
    ],
)
def test_signed_heads_that_were_tampered_with_are_doubted_and_not_built_on(
    statement: str, kind: str, place: Path, keys: Path
) -> None:
    in_journal(place, statement)
    found = verified(place, keys)
    assert kind in {doubt.kind for doubt in found.doubts}, found
    with objstore.open(place, keys=keys, accept_older=True) as store:
        store.sign(accept=True)
    assert verified(place, keys).sound


def test_an_older_copy_is_refused_until_it_is_accepted(place: Path, keys: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path / "old")
    with objstore.open(place, keys=keys) as store:
        store.conversations.open("c").append("newest")
    shutil.rmtree(place)
    shutil.copytree(tmp_path / "old", place)
    with pytest.raises(RolledBack, match="checkpoint 2 was seen here, now there is checkpoint 1"):
        objstore.open(place, keys=keys)
    with pytest.raises(RolledBack):
        objstore.open(place, keys=keys, read_only=True)
    assert kinds(verified(place, keys)) == {("rolled back", "")}
    with objstore.open(place, keys=keys, accept_older=True) as store:
        store.conversations.open("d").append("nothing is signed on an older copy")
    assert ("rolled back", "") in kinds(verified(place, keys))
    with objstore.open(place, keys=keys, accept_older=True) as store:
        assert store.sign(accept=True).number == 3
    with objstore.open(place, keys=keys) as store:
        assert store.verify().sound


def test_a_copy_elsewhere_goes_its_own_way(place: Path, keys: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(place, copy)
    for path, text in ((place, "here"), (place, "again"), (copy, "there")):
        with objstore.open(path, keys=keys) as store:
            store.conversations.open("c").append(text)
    assert (verified(place, keys).number, verified(copy, keys).number) == (3, 2)
    assert verified(place, keys).sound
    assert verified(copy, keys).sound
    os.symlink(place, tmp_path / "link")
    assert verified(tmp_path / "link", keys).sound


def test_a_restored_backup_is_no_rollback_and_its_epoch_is_signed(place: Path, keys: Path, tmp_path: Path) -> None:
    with objstore.open(place, keys=keys) as store:
        store.backup(tmp_path / "backup")
        store.conversations.open("c").append("after the backup")
    shutil.rmtree(place)
    backup = objstore.open_backup(tmp_path / "backup", keys=keys)
    assert backup.restore(place).epoch == 1
    found = verified(place, keys)
    assert (found.sound, found.by) == (True, "you")
    with objstore.open(place, keys=keys) as store:
        assert len(store.conversations.open("c")) == 5
    shutil.rmtree(place)
    assert backup.restore(place, at="1 hour ago").moved == 3
    assert verified(place, keys).sound


def test_who_has_another_key_is_trusted_once_it_is_listed(place: Path, keys: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    with objstore.open(place, keys=theirs) as store:
        found = store.verify()
        assert kinds(found) == {("untrusted", "")}
        assert found.by is None
        with objstore.open("memory:", keys=keys) as mine:
            store.signers.trust(mine.signers.own(), "ada")
        assert (store.verify().sound, store.verify().by) == (True, "ada")
        store.conversations.open("c").append("by the other")
        key = store.signers.own()
    assert verified(place, theirs).by == "you"
    with pytest.raises(BrokenSignature, match=f"unknown here.*objstore keys trust {key} NAME") as caught:
        objstore.open(place, keys=keys)
    with objstore.open("memory:", keys=keys) as mine:
        mine.signers.trust(caught.value.key, "bob")
        assert [each.name for each in mine.signers.find()] == ["you", "bob"]
    with objstore.open(place, keys=keys) as store:
        assert (store.verify().sound, store.verify().by) == (True, "bob")
        assert (store.signers.distrust(key), store.signers.distrust(key)) == (True, False)
        assert parse_key(key) not in {signer.key for signer in store.signers.find()}
        assert kinds(store.verify()) == {("untrusted", "")}


def test_a_process_that_lives_long_signs_now_and_then(place: Path, keys: Path) -> None:
    with objstore.open(place, keys=keys) as store:
        conv = store.conversations.open("c")
        for number in range(PATIENCE):
            conv.append(number)
        assert store.verify() == store.verify()
        assert (store.verify().sound, store.verify().number) == (True, 2)


def test_a_key_folder_that_is_open_to_others_signs_nothing_and_says_so(place: Path, keys: Path) -> None:
    keys.chmod(0o755)
    with objstore.open(place, keys=keys) as store:
        store.conversations.open("c").append("unsigned")
        found = store.verify()
        assert ("unsigned", NAME) in kinds(found)
        assert any("chmod 700" in doubt.reason for doubt in found.doubts)
        with pytest.raises(objstore.errors.UnsafeKeyFolder):
            store.sign()
    keys.chmod(0o700)
    assert kinds(verified(place, keys)) == {("unsigned", NAME)}


def test_a_tag_tells_who_signed_it_and_no_other_passes_for_it(place: Path, keys: Path, tmp_path: Path) -> None:
    with objstore.open(place, keys=keys) as store:
        store.tags.create("v1", "c#3", "first", sign=True)
        store.tags.create("v2", "c#4")
        assert store.tags.verify("v1") == "you"
        with pytest.raises(BrokenSignature, match="the tag v2: it is not signed"):
            store.tags.verify("v2")
        with pytest.raises(objstore.errors.UnknownTag):
            store.tags.verify("v3")
    in_journal(
        place,
        "UPDATE reflog SET new = (SELECT new FROM reflog JOIN refs ON refs.entry = reflog.id WHERE name = 'tags/v1')"
        " WHERE id = (SELECT entry FROM refs WHERE name = 'tags/v2')",
    )
    with objstore.open(place, keys=keys) as store, pytest.raises(BrokenSignature, match="it was made as v1"):
        store.tags.verify("v2")
    with objstore.open(place, keys=tmp_path / "theirs") as store, pytest.raises(BrokenSignature, match="unknown here"):
        store.tags.verify("v1")
