"""An encrypted store: nothing of its content lies open on disk, nothing that was altered or moved is taken for it."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import objstore
from objstore.errors import (
    DamagedKeyStore,
    KeyNeeded,
    MissingKeyStore,
    NotAMember,
    NotEncrypted,
    ObjstoreError,
    StaysSealed,
    WrongPassphrase,
)
from objstore.keys.identity import Identity, write_identity
from objstore.storage.local.storage import LocalStorage
from objstore.store import Store

CANARY = "canary-4f1c9a77"
SEED = 20261124


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "identity"
    write_identity(path, Identity(bytes(range(32))))
    return path


def fill(store: Store) -> None:
    conv = store.conversations.open("c1", create=True)
    for number in range(40):
        conv.append({"role": "user", "content": f"{CANARY} {number} said again and again, {CANARY}"})
    store.files.open("ws", create=True).write("a.txt", (f"{CANARY}\n" * 3000).encode())
    store.settings.open("user", create=True).set("llm.model", CANARY)
    store.repack()
    conv.append({"role": "user", "content": f"{CANARY} in the intake"})
    conv.append_many([{"content": f"{CANARY} {number}" * 40} for number in range(200)])


def open_in(root: Path) -> list[str]:
    """The files below a folder in which the canary can be read."""
    found = [path for path in root.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    return [path.name for path in found]


def payloads(store: Store) -> bytes:
    return b"".join(store.storage.read(oid).payload for oid, _, _ in store.storage.objects())


def test_the_canary_is_in_no_file_of_an_encrypted_store_and_in_the_objects_of_either(tmp_path: Path, key: Path) -> None:
    for name, opened_by in (("plain", None), ("sealed", key)):
        with objstore.open(tmp_path / name, create=True, key=opened_by) as store:
            fill(store)
            assert payloads(store).count(CANARY.encode()) > 3000  # the positive control
            assert list(store.conversations.search(CANARY))
            store.backup(tmp_path / f"backup-{name}")
            now = open_in(tmp_path / name)
        assert bool(now) == (name == "plain")
    assert open_in(tmp_path / "sealed") == open_in(tmp_path / "backup-sealed") == []


def test_a_store_reads_back_what_was_written_after_repack_gc_redaction_and_opening_again(
    tmp_path: Path, key: Path
) -> None:
    with objstore.open(tmp_path / "s", create=True, key=key) as store:
        fill(store)
        before = list(store.conversations.open("c1"))
        store.repack()
        store.conversations.open("gone", create=True).append({"x": CANARY})
        store.conversations.delete("gone")
        assert store.gc(expire_reflog=timedelta(0), thorough=True).deleted
        store.repack()
    with objstore.open(tmp_path / "s", key=key) as store:
        assert list(store.conversations.open("c1")) == before
        assert store.files.open("ws").read("a.txt") == (f"{CANARY}\n" * 3000).encode()
        store.redact("c1#3", reason="a test")
        assert not store.fsck().findings
        store.repack()
        assert not store.fsck().findings


def test_a_passphrase_opens_a_store_and_nothing_else_does(tmp_path: Path, key: Path) -> None:
    place = tmp_path / "s"
    objstore.open(place, create=True, passphrase="geheim").close()
    with objstore.open(place, passphrase="geheim") as store:
        store.conversations.open("c1", create=True).append({"x": CANARY})
        assert store.members.has_passphrase()
    with pytest.raises(WrongPassphrase):
        objstore.open(place, passphrase="Geheim")
    with pytest.raises(KeyNeeded):
        objstore.open(place)
    with pytest.raises(NotAMember):
        objstore.open(place, key=key)


def test_who_was_removed_opens_it_no_more_and_others_read_on_across_the_change(tmp_path: Path, key: Path) -> None:
    other, place = tmp_path / "other", tmp_path / "s"
    write_identity(other, Identity(b"o" * 32))
    with objstore.open(place, create=True, key=key) as store:
        conv = store.conversations.open("c1", create=True)
        conv.append({"n": 1})
        store.members.add("other", "x25519-" + Identity(b"o" * 32).public.hex())
        with objstore.open(place, key=other) as theirs:
            assert list(theirs.conversations.open("c1")) == [{"n": 1}]
        with objstore.open(place, key=key) as reader:
            store.members.remove("other")
            conv.append({"n": 2})
            assert list(reader.conversations.open("c1")) == [{"n": 1}, {"n": 2}]  # of an epoch begun meanwhile
        with pytest.raises(NotAMember):
            objstore.open(place, key=other)
    with objstore.open(place, key=key) as store:
        store.repack()
        assert list(store.conversations.open("c1")) == [{"n": 1}, {"n": 2}]
        assert not store.fsck().findings


def test_a_backup_has_no_keys_and_a_restored_store_opens_once_they_are_put_back(tmp_path: Path, key: Path) -> None:
    with objstore.open(tmp_path / "s", create=True, key=key) as store:
        fill(store)
        store.backup(tmp_path / "b")
        store.members.save(tmp_path / "saved")
        expected = list(store.conversations.open("c1"))
    assert not list((tmp_path / "b").rglob("keystore"))
    backup = objstore.open_backup(tmp_path / "b")
    with pytest.raises(KeyNeeded):
        backup.verify()
    backup.restore(tmp_path / "r")
    with pytest.raises(MissingKeyStore):
        objstore.open(tmp_path / "r", key=key)
    shutil.copy(tmp_path / "saved", tmp_path / "r/keystore")
    with objstore.open(tmp_path / "r", key=key) as store:
        assert list(store.conversations.open("c1")) == expected
        assert not store.fsck().findings


def test_the_key_store_of_another_store_is_refused(tmp_path: Path, key: Path) -> None:
    for name in ("a", "b"):
        objstore.open(tmp_path / name, create=True, key=key).close()
    shutil.copy(tmp_path / "a/keystore", tmp_path / "b/keystore")
    with pytest.raises(DamagedKeyStore, match="another store"):
        objstore.open(tmp_path / "b", key=key)


def test_nothing_leaves_an_encrypted_store_unsealed_and_a_plain_one_takes_no_key(tmp_path: Path, key: Path) -> None:
    plain = objstore.open(tmp_path / "plain", create=True)
    with plain, objstore.open(tmp_path / "s", create=True, key=key) as store:
        plain.conversations.open("p", create=True).append({"x": 1})
        store.conversations.open("c1", create=True).append({"x": CANARY})
        store.remotes.add("origin", str(tmp_path / "plain"))
        plain.remotes.add("sealed", str(tmp_path / "s"))
        refused: list[Callable[[], object]] = [
            lambda: store.push("origin", "c1"),
            lambda: store.pull("origin"),
            lambda: store.export_bundle(tmp_path / "bundle", ["c1"]),
            lambda: store.migrate(plain),
            lambda: plain.migrate(store),
            lambda: store.serve_stdio(lambda _: b"", lambda _: None),
        ]
        for attempt in refused:
            with pytest.raises(StaysSealed):
                attempt()
        with pytest.raises(KeyNeeded):
            plain.push("sealed", "p")
        assert open_in(tmp_path / "plain") == []
        with pytest.raises(NotEncrypted):
            plain.members.list()
    with pytest.raises(NotEncrypted):
        objstore.open(tmp_path / "plain", key=key)


def test_an_older_version_restored_in_the_place_of_a_newer_store_is_no_rollback(tmp_path: Path, key: Path) -> None:
    place = tmp_path / "s"
    with objstore.open(place, create=True, key=key) as store:
        conv = store.conversations.open("c1", create=True)
        conv.append({"n": 1})
    with objstore.open(place, key=key) as store:
        store.backup(tmp_path / "b")
        store.members.save(tmp_path / "saved")
        store.conversations.open("c1").append({"n": 2})
    shutil.copytree(place, tmp_path / "newer")
    shutil.rmtree(place)
    objstore.open_backup(tmp_path / "b").restore(place)
    shutil.copy(tmp_path / "saved", place / "keystore")
    with objstore.open(place, key=key) as store:
        assert list(store.conversations.open("c1")) == [{"n": 1}]
        assert store.verify().sound


def small(place: Path, key: Path) -> list[object]:
    with objstore.open(place, create=True, key=key) as store:
        conv = store.conversations.open("c1", create=True)
        conv.append_many([{"n": number, "text": CANARY * 3} for number in range(12)])
        store.repack()
        conv.append({"n": "last"})
        assert isinstance(store.storage, LocalStorage)
        store.storage.settle()
        return list(conv)


def survives(place: Path, key: Path, expected: list[object]) -> bool:
    """Whether the store still gives what was written; True or an error of ours, never anything else."""
    try:
        with objstore.open(place, key=key) as store:
            found = list(store.conversations.open("c1"))
    except ObjstoreError:
        return False
    assert found == expected
    return True


@pytest.mark.parametrize("flips", [60, pytest.param(1500, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_noticed_or_changes_nothing_that_is_read(tmp_path: Path, key: Path, flips: int) -> None:
    expected = small(tmp_path / "s", key)
    assert survives(tmp_path / "s", key, expected)
    chance = random.Random(SEED)
    kinds = (".pack", ".index", ".log", ".sqlite")
    files = [path for path in (tmp_path / "s").rglob("*") if path.suffix in kinds and path.stat().st_size]
    files += [tmp_path / "s/keystore", tmp_path / "s/format"]
    outcomes: dict[str, set[bool]] = {}
    for number in range(flips):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "s", copy)
        path = copy / files[number % len(files)].relative_to(tmp_path / "s")
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        outcomes.setdefault(path.suffix or path.name, set()).add(survives(copy, key, expected))
        shutil.rmtree(copy)
    assert outcomes["keystore"] == {False}, SEED  # Every byte of it is authenticated.
    assert False in outcomes[".pack"]
    assert True in outcomes[".sqlite"]  # Most of its pages hold nothing that is read here: the others were opened.


def test_rows_and_packs_of_one_place_do_not_open_at_another(tmp_path: Path, key: Path) -> None:
    place = tmp_path / "s"
    expected = small(place, key)
    with closing(sqlite3.connect(next(place.glob("journal-*.sqlite")))) as journal:
        rows = journal.execute("SELECT id, data FROM objects ORDER BY id").fetchall()
        assert len(rows) >= 2
        (one, data), (two, other) = rows[:2]
        journal.execute("UPDATE objects SET data = ? WHERE id = ?", (other, one))
        journal.execute("UPDATE objects SET data = ? WHERE id = ?", (data, two))
        journal.commit()
    assert not survives(place, key, expected)
    with objstore.open(place, key=key) as store:
        assert store.fsck().findings


def test_an_unsealed_row_slipped_into_an_encrypted_store_is_not_taken(tmp_path: Path, key: Path) -> None:
    place = tmp_path / "s"
    expected = small(place, key)
    with closing(sqlite3.connect(next(place.glob("journal-*.sqlite")))) as journal:
        journal.execute("UPDATE objects SET data = ?", (b"\0" + os.urandom(40),))
        journal.commit()
    assert not survives(place, key, expected)


def test_equal_content_has_other_ids_and_other_cuts_in_each_store(tmp_path: Path, key: Path) -> None:
    data = random.Random(SEED).randbytes(600_000)
    ids: list[set[bytes]] = []
    cuts: list[list[int]] = []
    for name in ("plain", "a", "b"):
        with objstore.open(tmp_path / name, create=True, key=None if name == "plain" else key) as store:
            store.files.open("ws", create=True).write("big", data)
            found = [(oid, size) for oid, _, size in store.storage.objects()]
            ids.append({oid for oid, _ in found})
            cuts.append(sorted(size for _, size in found))
            assert store.files.open("ws").read("big") == data
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert not ids[one] & ids[other]
        assert cuts[one] != cuts[other]
