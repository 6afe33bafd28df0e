"""The public door, in memory and in a folder: what the product promises, end to end."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import (
    ConversationExists,
    DirtyWorkspace,
    InvalidPath,
    InvalidRevision,
    InvalidValue,
    MovedHead,
    NotAStore,
    NothingToUndo,
    StoreExists,
    UnknownConversation,
    UnknownPath,
    UnknownRevision,
    UnknownSetting,
    UnsupportedFormat,
)
from objstore.importers import SAMPLES, histories
from objstore.storage.local.folder import FORMAT


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


def test_events_come_back_equal_and_in_order(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    for number in range(5):
        assert conv.append({"n": number}).events == number + 1
    conv.append_many({"n": number} for number in range(5, 2500))
    assert len(conv) == 2500
    assert list(conv) == [{"n": number} for number in range(2500)]
    assert conv[0] == {"n": 0}
    assert conv[-1] == {"n": 2499}
    assert conv[1020:1030] == [{"n": number} for number in range(1020, 1030)]
    with pytest.raises(IndexError):
        conv[2500]


def test_a_past_moment_is_a_prefix(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    conv.append_many(range(1500))
    for moment in (0, 1, 3, 1023, 1024, 1025, 1499, 1500):
        assert list(conv.at(moment)) == conv[:moment]
    assert len(conv.at("~2")) == 1498
    assert len(conv.at("#7")) == 7
    with pytest.raises(IndexError):
        conv.at(1501)
    with pytest.raises(UnknownRevision):
        conv.at("#1501")
    with pytest.raises(InvalidRevision):
        conv.at("~x")


def test_a_fork_shares_and_goes_its_own_way(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    conv.append_many(["a", "b", "c"])
    fork = conv.fork("d", at=2)
    fork.append("x")
    assert list(fork) == ["a", "b", "x"]
    assert list(conv) == ["a", "b", "c"]
    difference = conv.diff(3, store.resolve("d"))
    assert difference.events == (2, 1, 1)
    with pytest.raises(ConversationExists):
        conv.fork("d")


def test_undo_takes_single_steps_back_and_redo_makes_them_again(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    for number in range(4):
        conv.append(number)
    conv.rewind(1)
    conv.undo()
    assert len(conv) == 4
    conv.undo()
    conv.undo()
    assert list(conv) == [0, 1]
    conv.redo()
    assert list(conv) == [0, 1, 2]
    conv.append("new")
    with pytest.raises(NothingToUndo):
        conv.redo()
    conv.undo()
    assert list(conv) == [0, 1, 2]


def test_a_pinned_head_that_moved_is_refused(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    pinned = conv.append(1)
    store.conversations.open("c").append(2)
    with pytest.raises(MovedHead) as caught:
        conv.append(3, expected_head=pinned)
    assert "1 new events" in str(caught.value)
    assert list(conv) == [1, 2]


def test_undo_refuses_when_somebody_else_moved_the_head(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    conv.append(1)
    store.conversations.open("c").append(2)
    with pytest.raises(MovedHead):
        conv.undo()


def test_one_commit_holds_chat_files_and_settings(store: objstore.Store, tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / "src" / "a.py").write_text("print(1)\n")
    conv = store.conversations.open("c", create=True)
    conv.append("start")
    with conv.commit("all three") as draft:
        draft.append("ran the tests")
        draft.files.snapshot(work)
        draft.settings.set("llm.model", "x")
    assert conv.files.read("src/a.py") == b"print(1)\n"
    assert conv.settings.get("llm.model") == "x"
    past = conv.at(1)
    assert len(past.files) == 0
    with pytest.raises(UnknownSetting):
        past.settings.get("llm.model")


def test_a_block_that_fails_commits_nothing(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)

    def fail() -> None:
        with conv.commit() as draft:
            draft.append("never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(conv) == 0


def test_rewind_brings_the_directory_along_and_keeps_unsaved_work(store: objstore.Store, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    conv = store.conversations.open("c", create=True)
    (work / "a.txt").write_text("one")
    conv.append("first", snapshot=work)
    (work / "a.txt").write_text("two, longer")
    (work / "b.txt").write_text("b")
    conv.append("second", snapshot=work)
    (work / "a.txt").write_text("unsaved")
    with pytest.raises(DirtyWorkspace):
        conv.rewind(1, checkout=work)
    assert len(conv) == 2
    conv.rewind(1, checkout=work, discard=True)
    assert (work / "a.txt").read_text() == "one"
    assert not (work / "b.txt").exists()


def test_files_are_versioned(store: objstore.Store) -> None:
    files = store.files.open("ws", create=True)
    files.write("a/b.txt", b"one")
    files.write("a/b.txt", b"two")
    assert files.read("a/b.txt") == b"two"
    assert files.at("~1").read("a/b.txt") == b"one"
    with pytest.raises(UnknownPath):
        files.read("nothing")
    with pytest.raises(UnknownPath):
        files.delete("nothing")
    for path in ("../x", "/x", "a/../b", "a\0b", ".git/config"):
        with pytest.raises(InvalidPath):
            files.write(path, b"")
    with pytest.raises(InvalidPath):
        files.write("a", b"a folder is there")
    with pytest.raises(InvalidPath):
        files.write("a/b.txt/c", b"a file is there")
    files.delete("a/b.txt")
    assert len(files) == 0


def test_settings_resolve_names_the_source_of_every_value(store: objstore.Store) -> None:
    settings = store.settings.open("user", create=True)
    settings.update({"llm.model": "stored", "llm.tries": 3})
    settings.set("llm.model", "newer")
    assert settings.at("~1").get("llm.model") == "stored"
    resolved = settings.resolve(
        {"llm.model": "default", "ui.theme": "dark"},
        env_prefix="APP_",
        overrides={"ui.theme": "light"},
        environ={"APP_LLM_TRIES": "5"},
    )
    assert {key: (found.value, found.source) for key, found in resolved.items()} == {
        "llm.model": ("newer", "stored"),
        "llm.tries": (5, "environment"),
        "ui.theme": ("light", "override"),
    }
    settings.undo()
    assert settings.get("llm.model") == "stored"


def test_a_deleted_conversation_comes_back_by_undoing_the_operation(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    conv.append(1)
    store.conversations.delete("c")
    with pytest.raises(UnknownConversation):
        conv.append(2)
    with pytest.raises(UnknownConversation):
        store.conversations.open("c")
    store.undo(next(store.operations()))
    assert list(store.conversations.open("c")) == [1]


def test_values_that_are_not_json_are_refused_with_their_path(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)
    with pytest.raises(InvalidValue, match=r"content\[1\]\.data"):
        conv.append({"content": [1, {"data": b"x"}]})
    with pytest.raises(InvalidValue):
        conv.append(float("nan"))
    assert len(conv) == 0


def test_real_histories_come_in_once(store: objstore.Store) -> None:
    found = list(histories(SAMPLES))
    assert len(found) >= 8
    for history in found:
        assert store.import_history(history).added == len(list(history.events()))
    for history in histories(SAMPLES):
        again = store.import_history(history)
        assert (again.added, again.diverged) == (0, None)
        assert list(store.conversations.open(again.name)) == list(history.events())


def test_repack_keeps_everything_and_takes_less_room(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.open("c", create=True)
        conv.append_many({"role": "user", "content": f"message {number} " * 20} for number in range(2200))
        repacked = store.repack()
        assert repacked.after < repacked.before
        conv.append("after")
        assert store.repack().objects == 2
        assert len(list(conv)) == 2201
        assert list(store.check()) == []
    with objstore.open(tmp_path / "s") as store:
        assert store.conversations.open("c")[2200] == "after"


def test_a_flipped_byte_is_found_and_named(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        store.conversations.open("c", create=True).append_many([{"text": "needle" * 3}, {"text": "other"}])
    journal = tmp_path / "s" / "journal-1.sqlite"
    data = journal.read_bytes()
    at = data.index(b"needle")
    journal.write_bytes(data[:at] + b"N" + data[at + 1 :])
    with objstore.open(tmp_path / "s") as store:
        damage = list(store.check())
        assert len(damage) == 1
        assert damage[0].where == ("c#1",)
        assert store.conversations.open("c")[1] == {"text": "other"}


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAStore):
        objstore.open(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreExists):
        objstore.open(tmp_path, create=True)
    objstore.open(tmp_path / "s", create=True).close()
    marker = tmp_path / "s" / "format"
    marker.write_text(marker.read_text().replace(f"format {FORMAT}", f"format {FORMAT + 1}"))
    with pytest.raises(UnsupportedFormat):
        objstore.open(tmp_path / "s")


def _append(place: str, name: str, who: int, count: int) -> None:
    with objstore.open(place) as store:
        conv = store.conversations.open(name, create=True)
        for number in range(count):
            conv.append([who, number])


@pytest.mark.slow
@pytest.mark.parametrize("names", [["one"] * 8, [f"many-{who}" for who in range(8)]], ids=["one", "many"])
def test_eight_processes_lose_nothing_and_keep_order(tmp_path: Path, names: list[str]) -> None:
    place = str(tmp_path / "s")
    objstore.open(place, create=True).close()
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append, args=(place, name, who, 500)) for who, name in enumerate(names)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    with objstore.open(place) as store:
        assert sum(len(store.conversations.open(name)) for name in set(names)) == 8 * 500
        for who, name in enumerate(names):
            events = [event for event in store.conversations.open(name) if event[0] == who]  # type: ignore[index]
            assert events == [[who, number] for number in range(500)]
        assert list(store.check()) == []


def test_a_forked_process_is_refused(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.open("c", create=True)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                conv.append(1)
            except objstore.ObjstoreError as error:
                os.write(write, type(error).__name__.encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        assert os.read(read, 100) == b"StoreClosed"
        os.close(read)
        conv.append(2)
        assert list(conv) == [2]
