"""Collections delete exactly what nothing reaches, and no writer loses what it relies on."""

from __future__ import annotations

import random
import subprocess
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import objstore
from objstore.errors import CollectedObject, MissingObject
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.local.storage import LocalStorage
from objstore.store import Store
from refs.edits import ABSENT, Note, RefEdit
from tests.maintenance.histories import everything, history, log_values, reach, step
from tests.processes import start

NOTE = Note("tester", "test", 1)


def blob(store: Store, text: bytes) -> Object:
    return store.storage.hasher.object(Kind.BLOB, text)


def add_garbage(store: Store, seed: int, count: int = 30) -> list[Oid]:
    draw = random.Random(f"garbage {seed}")
    objects = [blob(store, draw.randbytes(draw.choice((5, 500, 5000)))) for _ in range(count)]
    store.storage.apply(objects, (), NOTE)
    return [obj.oid for obj in objects]


def check_all(store: Store) -> None:
    """Whatever is found has all that it names, and refs reach what they reach."""
    held = everything(store)
    assert reach(store.storage, held) == held
    assert list(store.check()) == []


@pytest.fixture(params=["memory", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory:" if request.param == "memory" else str(tmp_path / "store")


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_exactly_the_unreachable_goes(place: str, seed: int, thorough: bool) -> None:
    with history(place, seed, 15) as store:
        draw = random.Random(seed)
        for turn in range(3):
            garbage = add_garbage(store, 10 * seed + turn)
            if turn < 2:
                store.repack()
            step(store, draw)
            wanted = reach(store.storage, log_values(store))
            told = store.gc(dry_run=True)
            assert everything(store) > wanted
            done = store.gc(thorough=thorough)
            assert done.deleted == told.deleted >= len(garbage)
            assert everything(store) == wanted
            assert store.storage.missing(garbage) == set(garbage)
            for oid in garbage[:3]:
                with pytest.raises(MissingObject):
                    store.storage.read(oid)
            check_all(store)
            assert store.gc().deleted == 0


def test_what_was_deleted_can_be_written_again(tmp_path: Path) -> None:
    with history(str(tmp_path / "store"), 1, 10) as store:
        garbage = [store.storage.read(oid) for oid in add_garbage(store, 1)]
        store.repack()  # some of them now lie among what is kept
        store.gc()
        store.storage.apply(garbage, (), NOTE)
        assert not store.storage.missing(obj.oid for obj in garbage)
        assert store.gc(dry_run=True).deleted == len(garbage)


def test_another_process_does_not_take_what_was_deleted_for_there(tmp_path: Path) -> None:
    path = str(tmp_path / "store")
    with history(path, 1, 5) as store, objstore.open(path) as other:
        old = other.storage.read(add_garbage(store, 1)[0])
        store.repack()
        assert not other.storage.missing([old.oid])
        store.gc(thorough=True)
        assert other.storage.missing([old.oid]) == {old.oid}
        other.storage.apply([old], (), NOTE)
        assert not store.storage.missing([old.oid])


def test_a_ref_to_what_was_deleted_is_refused(place: str) -> None:
    with objstore.open(place, create=True) as store:
        store.conversations.create("c")
        tree = store.storage.hasher.object(Kind.TREE, b"\1\0\0\0\0\0")
        store.storage.apply([tree], (), NOTE)
        store.gc()
        with pytest.raises(CollectedObject):
            store.storage.apply((), [RefEdit("files/x", tree.oid, ABSENT)], NOTE)
        assert store.refs.get("files/x") is None


def test_an_open_stage_keeps_what_it_relies_on(place: str) -> None:
    with objstore.open(place, create=True) as store:
        found = blob(store, b"found")
        store.storage.apply([found], (), NOTE)
        with store.storage.stage():
            assert not store.storage.missing([found.oid])
            assert store.gc().deleted == 0
            assert not store.storage.missing([found.oid])
        assert store.gc().deleted == 1


def test_a_stage_of_another_process_that_died_keeps_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        found = blob(store, b"found")
        store.storage.apply([found], (), NOTE)
        (path / "leases").mkdir()
        (path / "leases" / "dead").write_bytes(found.oid)
        assert store.gc().deleted == 1
        assert list((path / "leases").iterdir()) == []


def test_a_sealed_pack_that_is_about_to_be_listed_is_no_orphan(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store, store.storage.stage() as stage:
        objects = [blob(store, b"%d" % number * 100) for number in range(2000)]
        for obj in objects:
            stage.add(obj)
        seal = getattr(stage, "seal")  # noqa: B009 - what apply does first
        seal()
        store.gc()
        store.storage.apply((), (), NOTE, stage)
        assert not store.storage.missing(obj.oid for obj in objects)
    assert len(list((tmp_path / "store" / "packs").glob("*.pack"))) == 1


def test_what_a_dead_process_left_of_a_pack_is_removed(tmp_path: Path) -> None:
    packs = tmp_path / "store" / "packs"
    with objstore.open(tmp_path / "store", create=True) as store:
        for name in ("0" * 32 + ".pack", "0" * 32 + ".index", "1" * 32 + ".stage", "2" * 32 + ".index.new"):
            (packs / name).write_bytes(b"left")
        store.gc()
    assert list(packs.iterdir()) == []


def test_nothing_goes_while_something_reached_is_not_there(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        garbage = add_garbage(store, 1)
        store.conversations.create("c").append("x")
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        storage.settle()
        connection = storage.journal.open_connection()
        connection.execute("DELETE FROM objects WHERE kind = ?", (int(Kind.EVENT),))
        connection.close()
        with pytest.raises(MissingObject):
            store.gc()
        assert not store.storage.missing(garbage)


def test_a_pack_with_little_dead_is_left_and_one_with_much_written_anew(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conversation = store.conversations.create("c")
        conversation.append_many([random.Random(number).randbytes(400).hex() for number in range(300)])
        few = add_garbage(store, 1, 5)
        store.repack()
        names = {path.name for path in (tmp_path / "store" / "packs").glob("*.pack")}
        done = store.gc()
        assert (done.deleted, done.packs) == (len(few), 0)
        assert {path.name for path in (tmp_path / "store" / "packs").glob("*.pack")} == names
        many = add_garbage(store, 2, 400)
        store.repack()
        done = store.gc()
        assert (done.deleted, done.packs) == (len(many), 1)
        assert done.after < done.before
        assert list(conversation) == [random.Random(number).randbytes(400).hex() for number in range(300)]


@pytest.mark.parametrize("seed", range(2))
def test_threads_that_write_beside_collections_lose_nothing(tmp_path: Path, seed: int) -> None:
    path = str(tmp_path / "store")
    with objstore.open(path, create=True) as store:
        stop = threading.Event()
        failures: list[BaseException] = []

        def write(number: int) -> None:
            draw = random.Random(100 * seed + number)
            folder = tmp_path / f"folder{number}"
            folder.mkdir()
            try:
                with objstore.open(path) as own:
                    workspace = own.files.open(f"w{number}", create=True)
                    conversation = own.conversations.open(f"c{number}", create=True)
                    while not stop.is_set():
                        # Files whose content was garbage a moment ago, or is about to be.
                        for name in range(4):
                            (folder / str(name)).write_bytes(b"%d" % draw.randrange(6) * 3000)
                        workspace.snapshot(folder)
                        conversation.append({"n": draw.random()})
                        own.storage.apply([blob(own, b"%d" % draw.randrange(6) * 3000)], (), NOTE)
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(12):
            if turn % 3 == 2:
                store.repack()
            store.gc(thorough=turn % 2 == 0)
        stop.set()
        for thread in threads:
            thread.join()
        assert not failures
        store.gc()
        check_all(store)


def test_no_word_of_what_was_deleted_stays_in_the_search_index(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conversation = store.conversations.create("c")
        conversation.append({"role": "user", "content": "plainword"})
        conversation.append({"role": "user", "content": "secretword"})
        assert len(list(store.conversations.search("secretword"))) == 1
        add_garbage(store, 1)
        files = {path.name for path in (tmp_path / "store" / "cache").glob("search-*.sqlite")}
        assert files
        store.gc()
        assert {path.name for path in (tmp_path / "store" / "cache").glob("search-*.sqlite")} == files
        conversation.rewind(1)
        store.gc(expire_reflog=timedelta(0))
        for path in (tmp_path / "store" / "cache").rglob("search*"):
            assert b"secretword" not in path.read_bytes()
        assert list(store.conversations.search("secretword")) == []
        assert len(list(store.conversations.search("plainword"))) == 1


WRITER = """
import random, sys
import objstore
from objstore.errors import CollectedObject
path, number, folder = sys.argv[1:]
draw = random.Random(number)
from pathlib import Path
with objstore.open(path) as store:
    workspace = store.files.open(f"w{number}", create=True)
    conversation = store.conversations.open(f"c{number}", create=True)
    count = 0
    for line in sys.stdin:
        for _ in range(5):
            # Content that was garbage a moment ago, or is about to be: both small writes and those of a stage.
            shared = b"%d" % draw.randrange(5) * 2000
            (Path(folder) / "a").write_bytes(shared)
            workspace.snapshot(folder)
            workspace.write("b", shared[::-1])
            conversation.append({"n": count})
            count += 1
            if draw.random() < 0.3:
                workspace.delete("b")
            try:
                conversation.fork(f"f{number}", at=max(1, count - 2))
                store.conversations.delete(f"f{number}")
            except CollectedObject:
                pass
        print(count, flush=True)
"""


@pytest.mark.parametrize("seed", range(2))
def test_processes_that_write_beside_collections_and_expiry_lose_nothing(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        writers: list[subprocess.Popen[str]] = []
        for number in range(2):
            folder = tmp_path / f"folder{number}"
            folder.mkdir()
            writers.append(start(WRITER, str(path), str(number), str(folder)))
        try:
            counts = [0, 0]
            for _ in range(6):
                for writer in writers:
                    assert writer.stdin is not None
                    writer.stdin.write("go on\n")
                    writer.stdin.flush()
                for _ in range(3):
                    if draw.random() < 0.4:
                        store.repack()
                    age = timedelta(0) if draw.random() < 0.6 else None
                    store.gc(thorough=draw.random() < 0.5, expire_reflog=age)
                for number, writer in enumerate(writers):
                    assert writer.stdout is not None
                    counts[number] = int(writer.stdout.readline())
                check_all(store)
        finally:
            for writer in writers:
                writer.communicate(timeout=120)
        assert [writer.returncode for writer in writers] == [0, 0]
        for number, count in enumerate(counts):
            assert count == 30
            assert list(store.conversations.open(f"c{number}")) == [{"n": n} for n in range(count)]
        store.gc(expire_reflog=timedelta(0))
        assert everything(store) == reach(store.storage, log_values(store))
        check_all(store)
