"""Backups: versions of one moment, incremental, verified, brought back whole; damage and interruption leave the rest."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import objstore
from objstore.errors import (
    CorruptObject,
    InvalidRevision,
    InvalidValue,
    NotABackup,
    StoreExists,
    StoreLocked,
    UnknownVersion,
)
from objstore.maintenance.backup.folder import BackupFolder
from objstore.maintenance.backup.manifest import FileEntry, Manifest, RefEntry, decode_manifest, encode_manifest
from objstore.objects.kinds import Oid
from objstore.storage.local.epochs import epochs
from objstore.storage.local.storage import LocalStorage
from tests.maintenance import stores


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return stores.make(tmp_path / "store", 50)


def test_a_restored_store_is_the_one_that_was_backed_up(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        before = stores.content(store)
        made = store.backup(tmp_path / "b", note="first")
    assert made.version == 1
    backup = objstore.open_backup(tmp_path / "b")
    assert backup.verify().findings == ()
    assert backup.restore(tmp_path / "r").epoch == 1
    with objstore.open(tmp_path / "r") as restored:
        assert stores.content(restored) == before
        assert restored.fsck().findings == ()
        restored.conversations.open("c").append({"goes": "on"})


def test_a_backup_holds_everything_itself(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        before = stores.content(store)
        store.backup(tmp_path / "b")
    for file in place.rglob("*"):
        if file.is_file():
            assert file.stat().st_nlink == 1
    place.rename(tmp_path / "moved away")
    objstore.open_backup(tmp_path / "b").restore(tmp_path / "r")
    with objstore.open(tmp_path / "r") as restored:
        assert stores.content(restored) == before


def test_an_unchanged_store_is_not_copied_again_and_packs_are_copied_once(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        first = store.backup(tmp_path / "b")
        assert first.copied == first.files
        assert store.backup(tmp_path / "b").copied == 0
        store.conversations.open("c").append({"n": "new"})
        assert store.backup(tmp_path / "b").copied == 1  # the journal
        store.repack()
        again = store.backup(tmp_path / "b")
    packs = len(list((tmp_path / "b" / "packs").iterdir()))
    assert packs >= again.files - 1
    assert [version.number for version in objstore.open_backup(tmp_path / "b").versions()] == [4, 3, 2, 1]


def test_versions_are_kept_apart(place: Path, tmp_path: Path) -> None:
    contents = {}
    with objstore.open(place) as store:
        for version in (1, 2, 3):
            store.conversations.open("c").append({"version": version})
            if version == 2:
                store.repack()
            contents[store.backup(tmp_path / "b", note=f"v{version}").version] = stores.content(store)
    backup = objstore.open_backup(tmp_path / "b")
    assert [version.note for version in backup.versions()] == ["v3", "v2", "v1"]
    for version, content in contents.items():
        assert backup.verify(version).findings == ()
        assert backup.restore(tmp_path / str(version), version=version).version == version
        with objstore.open(tmp_path / str(version)) as restored:
            assert stores.content(restored) == content


def test_pruning_keeps_the_newest_and_frees_what_only_the_others_needed(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
        store.conversations.open("c").append({"n": "new"})
        store.backup(tmp_path / "b")
        content = stores.content(store)
    backup = objstore.open_backup(tmp_path / "b")
    assert backup.prune(1) > 0
    assert [version.number for version in backup.versions()] == [2]
    assert len(list((tmp_path / "b" / "journals").iterdir())) == 1
    assert backup.verify().findings == ()
    backup.restore(tmp_path / "r")
    with objstore.open(tmp_path / "r") as restored:
        assert stores.content(restored) == content
    with pytest.raises(UnknownVersion):
        backup.restore(tmp_path / "r1", version=1)


def test_pruning_beside_a_manifest_that_cannot_be_read_removes_nothing(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        for _ in range(3):
            store.conversations.open("c").append({"n": "new"})
            store.backup(tmp_path / "b")
    newest = tmp_path / "b" / "versions" / "000003.manifest"
    newest.write_bytes(newest.read_bytes()[:-1])
    files = {path for path in (tmp_path / "b").rglob("*") if path.is_file()}
    with pytest.raises(CorruptObject):
        objstore.open_backup(tmp_path / "b").prune(1)
    assert {path for path in (tmp_path / "b").rglob("*") if path.is_file()} == files
    assert [version.number for version in objstore.open_backup(tmp_path / "b").versions()] == [2, 1]


def test_going_to_a_point_in_time_moves_every_ref_and_tells_it(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.create("c")
        conv.append_many(range(5))
        store.conversations.create("gone").append("was here")
        then = store._repo.now()
        conv.append("later")
        conv.rewind(2)
        store.conversations.delete("gone")
        store.conversations.create("young").append("not yet")
        store.backup(tmp_path / "b")
    backup = objstore.open_backup(tmp_path / "b", author="me")

    made = backup.restore(tmp_path / "r", at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=then))
    assert made.moved == 3
    with objstore.open(tmp_path / "r") as restored:
        assert list(restored.conversations.open("c")) == list(range(5))
        assert list(restored.conversations.open("gone")) == ["was here"]
        assert restored.refs.get("conversations/young") is None
        newest = next(restored.refs.log("conversations/c"))
        assert newest.who == "me"
        assert newest.why.startswith("restore to ")
        assert restored.fsck().findings == ()
        restored.conversations.open("c").undo()
        assert len(restored.conversations.open("c")) == 2
    with pytest.raises(InvalidRevision):
        backup.restore(tmp_path / "r2", at="no time")


def test_each_restore_begins_an_epoch_which_backups_carry_on(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
    objstore.open_backup(tmp_path / "b").restore(tmp_path / "r")
    with objstore.open(tmp_path / "r") as store:
        store.backup(tmp_path / "b2")
    objstore.open_backup(tmp_path / "b2").restore(tmp_path / "r2")
    with objstore.open(tmp_path / "r2") as store:
        assert isinstance(store.storage, LocalStorage)
        assert [epoch.number for epoch in epochs(store.storage.journal.connection())] == [1, 2]
    with objstore.open(place) as store:
        assert isinstance(store.storage, LocalStorage)
        assert epochs(store.storage.journal.connection()) == []


def test_a_backup_is_of_one_moment_while_writers_go_on(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        a, b = store.conversations.create("a"), store.conversations.create("b")
        stop = threading.Event()

        def write() -> None:
            number = 0
            while not stop.is_set():
                a.append(number)
                b.append(number)  # b is never ahead of a, and never more than one behind
                number += 1
                if number % 20 == 0:
                    store.repack()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            made = [store.backup(tmp_path / "b").version for _ in range(6)]
        finally:
            stop.set()
            writer.join()
    backup = objstore.open_backup(tmp_path / "b")
    for version in made:
        assert backup.verify(version).findings == ()
        backup.restore(tmp_path / str(version), version=version)
        with objstore.open(tmp_path / str(version)) as restored:
            ahead = len(restored.conversations.open("a")) - len(restored.conversations.open("b"))
            assert ahead in (0, 1)


def test_damage_in_the_store_is_not_backed_up_and_leaves_the_last_version(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
        store.files.open("ws").write("large", os.urandom(600_000))
        store.repack()
    known = {path.name for path in (tmp_path / "b" / "packs").iterdir()}
    pack = next(path for path in (place / "packs").glob("*.pack") if path.name not in known)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    with objstore.open(place) as store, pytest.raises(CorruptObject, match="no version was added"):
        store.backup(tmp_path / "b")
    backup = objstore.open_backup(tmp_path / "b")
    assert [version.number for version in backup.versions()] == [1]
    assert backup.verify().findings == ()


@pytest.mark.parametrize("which", ["packs/*.pack", "packs/*.index", "journals/*.sqlite"])
def test_damage_in_the_backup_is_found_and_restores_nothing(place: Path, tmp_path: Path, which: str) -> None:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
    file = next((tmp_path / "b").glob(which))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    backup = objstore.open_backup(tmp_path / "b")
    assert file.name in backup.verify().findings[0].reason
    with pytest.raises(CorruptObject):
        backup.restore(tmp_path / "r")
    assert not (tmp_path / "r" / "format").exists()
    file.unlink()
    assert file.name in backup.verify().findings[0].reason


def test_other_folders_are_left_alone(place: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with objstore.open(place) as store:
        with pytest.raises(StoreExists):
            store.backup(tmp_path / "mine")
        store.backup(tmp_path / "b")
    with objstore.open(tmp_path / "other", create=True) as other, pytest.raises(StoreExists):
        other.backup(tmp_path / "b")
    with pytest.raises(NotABackup):
        objstore.open_backup(tmp_path / "mine")
    with pytest.raises(StoreExists):
        objstore.open_backup(tmp_path / "b").restore(place)
    with pytest.raises(StoreExists):
        objstore.open_backup(tmp_path / "b").restore(tmp_path / "mine")


def test_two_backups_to_one_folder_do_not_meet(place: Path, tmp_path: Path) -> None:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
        with BackupFolder(tmp_path / "b").locked(), pytest.raises(StoreLocked):
            store.backup(tmp_path / "b")


def test_a_store_in_memory_is_backed_up_too(tmp_path: Path) -> None:
    with objstore.open("memory:") as store:
        stores.fill(store, 20)
        before = stores.content(store)
        store.backup(tmp_path / "b")
        store.backup(tmp_path / "b")
    objstore.open_backup(tmp_path / "b").restore(tmp_path / "r")
    with objstore.open(tmp_path / "r") as restored:
        assert stores.content(restored) == before


KILLED = """
import os, sys
import objstore
calls, limit = 0, int(sys.argv[4])

def watch(event, args):
    global calls
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect"):
        calls += 1
        if calls == limit:
            os.kill(os.getpid(), 9)

store, folder, what = sys.argv[1:4]
backup = objstore.open_backup(folder) if what != "backup" else None
opened = objstore.open(store) if what == "backup" else None
if what == "backup":
    import objstore.maintenance.backup
sys.addaudithook(watch)
if what == "backup":
    opened.backup(folder)
elif what == "restore":
    backup.restore(folder + "-restored")
print("done", calls)
"""


def killed(store: Path, folder: Path, what: str, at: int) -> bool:
    """Run a backup or restore in a process that dies before its `at`th change of a file system; whether it died."""
    words = [sys.executable, "-c", KILLED, str(store), str(folder), what, str(at)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def kills(what: str, place: Path, tmp_path: Path, points: range) -> None:
    with objstore.open(place) as store:
        store.backup(tmp_path / "b")
        store.files.open("ws").write("large", os.urandom(400_000))
        store.repack()
        content = stores.content(store)
    backup = objstore.open_backup(tmp_path / "b")
    died = 0
    for at in points:
        if not killed(place, tmp_path / "b", what, at):
            break
        died += 1
        assert backup.verify(1).findings == ()
        if (tmp_path / "b-restored" / "format").exists():  # Killed behind its last step: the store is whole.
            break
    assert died
    with objstore.open(place) as store:
        assert stores.content(store) == content
        newest = store.backup(tmp_path / "b").version
    assert backup.verify(newest).findings == ()
    if not (tmp_path / "b-restored" / "format").exists():
        backup.restore(tmp_path / "b-restored")
    with objstore.open(tmp_path / "b-restored") as restored:
        assert restored.fsck().findings == ()


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_at_some_points_leaves_the_versions_and_the_next_run_finishes(
    place: Path, tmp_path: Path, what: str
) -> None:
    kills(what, place, tmp_path, range(3, 30, 9))


@pytest.mark.slow
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_a_kill_at_any_point_leaves_the_versions_and_the_next_run_finishes(
    place: Path, tmp_path: Path, what: str
) -> None:
    kills(what, place, tmp_path, range(1, 400))


def test_the_awaited_backup_does_the_same(tmp_path: Path) -> None:
    async def main() -> None:
        async with objstore.aio.open(tmp_path / "s", create=True) as store:
            conv = await store.conversations.open("c", create=True)
            await conv.append("x")
            assert (await store.backup(tmp_path / "b")).version == 1
            async with objstore.aio.open("memory:") as other:
                assert (await store.migrate(other)).refs == 1
        async with objstore.aio.open_backup(tmp_path / "b") as backup:
            assert [version.number async for version in backup.versions()] == [1]
            assert (await backup.verify()).findings == ()
            assert (await backup.restore(tmp_path / "r")).version == 1
            await backup.prune(1)

    asyncio.run(main())


# The manifest


MANIFEST = Manifest(
    bytes(range(16)),
    7,
    -1,
    "before the upgrade",
    2,
    (FileEntry("journals/0011.sqlite", 4096, bytes([1] * 32)), FileEntry("packs/aa.pack", 10, bytes([2] * 32))),
    (
        RefEntry("conversations/c", Oid(bytes([3] * 32)), 12, bytes([4] * 32)),
        RefEntry("conversations/gone", None, 2, bytes([5] * 32)),
    ),
)


def test_a_manifest_comes_back_and_its_bytes_are_pinned() -> None:
    data = encode_manifest(MANIFEST)
    assert decode_manifest(data) == MANIFEST
    golden = Path(__file__).parents[1] / "golden" / "backup" / "manifest.hex"
    assert data.hex() == golden.read_text().strip()


def test_every_flipped_byte_of_a_manifest_is_refused() -> None:
    data = encode_manifest(MANIFEST)
    for at in range(len(data)):
        with pytest.raises(CorruptObject):
            decode_manifest(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(CorruptObject):
            decode_manifest(data[:at])


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a//b", "packs/..", "a\\b", "a\0b"])
def test_a_manifest_that_leads_out_of_its_folder_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        encode_manifest(MANIFEST._replace(files=(FileEntry(name, 1, bytes(32)),)))
