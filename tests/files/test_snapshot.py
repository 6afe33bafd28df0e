"""Snapshots: everything that is taken, everything that is reported, and that what is known changes nothing but time."""

from __future__ import annotations

import os
import random
import socket
import stat
import time
from pathlib import Path

import pytest

from objstore.files.snapshot import snapshot
from objstore.files.stat_cache import SMUDGED, Seen, StatCache, look_of, record_of
from objstore.objects.blobs import read_blob
from objstore.objects.hashing import PLAIN_HASHER, Hasher
from objstore.objects.kinds import Domain, Kind, Object, Oid
from objstore.objects.trees import Entry, NodeReader, scan
from objstore.storage.memory import MemoryStorage
from tests.files.folders import NOTE, Content, fill, holds, take

MIXED: dict[str, Content] = {
    "a.b": b"before a/b in a tree",
    "a/b": b"1",
    "a/c/d": b"",
    "a-": b"x",
    "empty": None,
    "deep/er/empty": None,
    "link": "a/b",
    "broken": "../nowhere",
    "large": random.Random(3).randbytes(300_000),
    "ünï cödé/日本": b"2",
}


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "top"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path, top: Path) -> StatCache:
    found = StatCache.of(tmp_path / "cache", top)
    assert found is not None
    return found


def settle(top: Path) -> None:
    """Make every time in a directory old, so that no entry is smudged for being too young but by its ctime."""
    for folder, _, files in os.walk(top):
        for name in files:
            os.utime(Path(folder, name), ns=(10**18, 10**18 + 7), follow_symlinks=False)
    time.sleep(0.05)


def entries(storage: MemoryStorage, root: Oid) -> dict[str, Entry]:
    reader = NodeReader(lambda oid: storage.read(oid).payload)
    return {key.decode(): entry for key, entry in scan(root, reader)}


def test_everything_in_a_directory_is_taken(top: Path) -> None:
    fill(top, MIXED)
    (top / "a/b").chmod(0o4750)
    storage = MemoryStorage()
    taken = take(top, storage)
    found = entries(storage, taken.root)
    assert taken.problems == ()
    assert (taken.entries, taken.added, taken.changed, taken.unchanged, taken.removed) == (
        len(MIXED),
        len(MIXED),
        0,
        0,
        0,
    )
    assert taken.bytes == sum(entry.size for entry in found.values())
    assert list(found) == sorted(MIXED, key=str.encode)
    assert found["a/b"].mode == 0o100750
    assert found["empty"].mode == stat.S_IFDIR
    assert found["link"].mode == stat.S_IFLNK
    for path, content in MIXED.items():
        expected = content.encode() if isinstance(content, str) else content or b""
        assert read_blob(found[path].oid, storage.read) == expected


def test_an_empty_directory_is_an_empty_tree(top: Path) -> None:
    storage = MemoryStorage()
    assert entries(storage, take(top, storage).root) == {}


def test_what_cannot_be_taken_is_reported_and_the_rest_goes_on(top: Path) -> None:
    fill(top, {"ok": b"1", "sub/ok": b"2", "sub/con": b"3", "trail.": b"4"})
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(top / "sock"))
    (top / os.fsdecode(b"latin\xe9")).write_bytes(b"5")
    storage = MemoryStorage()
    taken = take(top, storage)
    assert list(entries(storage, taken.root)) == ["ok", "sub/ok"]
    assert {problem.path for problem in taken.problems} == {"pipe", "sock", "latin\\xe9", "sub/con", "trail."}
    assert all(problem.reason for problem in taken.problems)


def test_an_unreadable_file_is_reported(top: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    fill(top, {"ok": b"1", "no": b"2", "closed/x": b"3"})
    (top / "no").chmod(0)
    (top / "closed").chmod(0)
    taken = take(top, MemoryStorage())
    (top / "closed").chmod(0o700)
    assert {problem.path for problem in taken.problems} == {"no", "closed"}


def test_stores_and_repositories_are_passed_over(top: Path) -> None:
    fill(top, {".git/config": b"", "sub/.git": b"gitdir: x", ".objstore/journal": b"", "x": b""})
    fill(top, {".objstore-tmp-0123456789abcdef": b"left by a crash", "held/store": b"the storage's own place"})
    storage = MemoryStorage()
    storage.place = str(top / "held")
    taken = take(top, storage)
    assert list(entries(storage, taken.root)) == ["sub", "x"]
    assert taken.problems == ()


def test_a_symlink_to_a_folder_is_data_and_is_not_entered(top: Path, tmp_path: Path) -> None:
    fill(tmp_path, {"outside/secret": b"s"})
    fill(top, {"link": "../outside"})
    storage = MemoryStorage()
    assert list(entries(storage, take(top, storage).root)) == ["link"]


def test_content_that_the_storage_has_is_not_staged_again(top: Path) -> None:
    fill(top, MIXED)
    storage = MemoryStorage()
    first = take(top, storage)
    fill(top, {"new": b"new"})
    stage = storage.stage()
    snapshot(top, storage, stage, first.root)
    assert [obj.payload for obj in stage.objects if obj.kind is not Kind.TREE] == [b"new"]


def test_an_unchanged_directory_keeps_its_root_and_is_not_read(top: Path, cache: StatCache) -> None:
    fill(top, MIXED)
    settle(top)
    storage = MemoryStorage()
    first = take(top, storage, None, cache)
    stage = storage.stage()
    (top / "a/b").chmod(0o644)  # Its ctime alone changes: it is read again, and found to be the same.
    again = snapshot(top, storage, stage, first.root, cache)
    assert again.root == first.root
    assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, len(MIXED))
    assert stage.objects == []


def test_the_cache_is_believed_for_what_looks_the_same(top: Path, cache: StatCache) -> None:
    fill(top, {"x": b"old"})
    settle(top)
    storage = MemoryStorage()
    first = take(top, storage, None, cache)
    other = storage.hasher.object(Kind.BLOB, b"told")
    storage.apply([other], [], NOTE)
    known = cache.load(storage.hasher)
    told = {b"x": (*known.paths[b"x"][:5], 0o100644, 4, other.oid)}
    cache.save(first.root, told, 2**62, storage.hasher)
    taken = take(top, storage, None, cache)
    assert read_blob(entries(storage, taken.root)["x"].oid, storage.read) == b"told"


@pytest.mark.parametrize("seed", range(12))
def test_an_incremental_snapshot_is_the_fresh_one(seed: int, top: Path, cache: StatCache) -> None:
    dice = random.Random(seed)
    storage = MemoryStorage()
    names = [f"{a}{b}" for a in ("", "d/", "d/e/", "d.x/", "f/") for b in "vwxyz"]
    root = None
    for _ in range(12):
        for _ in range(dice.randrange(4)):
            name = dice.choice(names)
            place = top / name
            if place.is_symlink() or place.exists():
                os.unlink(place)
                if dice.random() < 0.5:
                    continue
            place.parent.mkdir(parents=True, exist_ok=True)
            if dice.random() < 0.2:
                place.symlink_to(dice.choice(names))
            else:
                place.write_bytes(dice.randbytes(dice.choice([0, 3, 3, 100, 70_000])))
        taken = take(top, storage, root, cache if dice.random() < 0.8 else None)
        if dice.random() < 0.8:
            root = taken.root  # Otherwise the cache is of another tree than the previous one.
        assert taken.root == take(top, MemoryStorage()).root
        assert taken.entries == len(entries(storage, taken.root))


def test_a_change_in_the_same_tick_of_the_clock_is_seen(top: Path, cache: StatCache) -> None:
    storage = MemoryStorage()
    root = None
    for number in range(60):
        (top / "x").write_bytes(b"%04d" % number)
        root = take(top, storage, root, cache).root
        assert read_blob(entries(storage, root)["x"].oid, storage.read) == b"%04d" % number


def test_an_entry_that_changed_as_the_looking_began_is_smudged(top: Path, cache: StatCache) -> None:
    fill(top, {"x": b"1"})
    look = look_of((top / "x").stat())
    seen = {b"x": Seen(look, Entry(0o100644, PLAIN_HASHER.oid(Kind.BLOB, b"1"), 1))}
    cache.save(None, {b"x": record_of(seen[b"x"])}, max(look[0], look[1]), PLAIN_HASHER)
    assert cache.load(PLAIN_HASHER).seen(b"x") == Seen(SMUDGED, seen[b"x"].entry)
    cache.save(None, {b"x": record_of(seen[b"x"])}, max(look[0], look[1]) + 5 * 10**9, PLAIN_HASHER)
    assert cache.load(PLAIN_HASHER).seen(b"x") == seen[b"x"]


def test_whole_seconds_are_taken_for_a_coarse_clock(top: Path, cache: StatCache) -> None:
    entry = Entry(0o100644, PLAIN_HASHER.oid(Kind.BLOB, b"1"), 1)
    look = (5 * 10**9, 5 * 10**9, 1, 0o100644, 1)
    cache.save(None, {b"x": record_of(Seen(look, entry))}, 6 * 10**9, PLAIN_HASHER)
    assert cache.load(PLAIN_HASHER).paths[b"x"][:5] == SMUDGED


def test_a_damaged_cache_or_one_of_another_domain_is_no_cache(top: Path, tmp_path: Path, cache: StatCache) -> None:
    fill(top, MIXED)
    taken = take(top, MemoryStorage(), None, cache)
    assert cache.load(PLAIN_HASHER).root == taken.root
    assert cache.load(Hasher(Domain(b"d" * 16), b"i" * 32, b"c" * 32)).paths == {}
    (file,) = (tmp_path / "cache").iterdir()
    whole = file.read_bytes()
    for cut in (0, 7, 60, len(whole) - 1):
        file.write_bytes(whole[:cut])
        assert cache.load(PLAIN_HASHER) == (None, {})
    for at in range(0, len(whole), 37):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert cache.load(PLAIN_HASHER) == (None, {})


def test_a_cache_of_content_that_was_never_kept_is_not_believed(top: Path, cache: StatCache) -> None:
    fill(top, {"x": b"content", "large": MIXED["large"]})
    settle(top)
    storage = MemoryStorage()
    with storage.stage() as stage:
        lost = snapshot(top, storage, stage, None, cache)
    assert not holds(storage, lost.root)
    taken = take(top, storage, None, cache)
    assert taken.root == lost.root
    for entry in entries(storage, taken.root).values():
        assert len(read_blob(entry.oid, storage.read)) == entry.size


def test_a_cache_that_cannot_be_written_costs_time_alone(top: Path, tmp_path: Path) -> None:
    fill(top, MIXED)
    (tmp_path / "file").write_bytes(b"")
    cache = StatCache.of(tmp_path / "file" / "cache", top)
    assert take(top, MemoryStorage(), None, cache).entries == len(MIXED)


def test_a_file_that_changes_while_it_is_read_is_read_again(top: Path) -> None:
    place = top / "x"
    place.write_bytes(b"one")

    class Meddling(Hasher):
        """Changes the file as its first content is hashed."""

        done = False

        def object(self, kind: Kind, payload: bytes) -> Object:
            if not self.done and payload == b"one":
                self.done = True
                place.write_bytes(b"three")
            return super().object(kind, payload)

    storage = MemoryStorage(Meddling())
    taken = take(top, storage)
    assert read_blob(entries(storage, taken.root)["x"].oid, storage.read) == b"three"
    assert taken.problems == ()


def test_a_file_that_never_holds_still_is_reported(top: Path) -> None:
    place = top / "x"
    place.write_bytes(b"")

    class Meddling(Hasher):
        """Lets the file grow whenever it is hashed."""

        def object(self, kind: Kind, payload: bytes) -> Object:
            with place.open("ab") as more:
                more.write(b"x")
            return super().object(kind, payload)

    storage = MemoryStorage(Meddling())
    taken = take(top, storage)
    assert [problem.path for problem in taken.problems] == ["x"]
    entry = entries(storage, taken.root)["x"]
    assert read_blob(entry.oid, storage.read) == b"x" * entry.size


def test_progress_is_told_the_final_numbers(top: Path) -> None:
    fill(top, {str(number): b"12" for number in range(1100)})
    told: list[tuple[int, int]] = []
    storage = MemoryStorage()
    with storage.stage() as stage:
        snapshot(top, storage, stage, None, None, lambda *so_far: told.append(so_far))
    assert told == [(512, 1024), (1024, 2048), (1100, 2200)]
