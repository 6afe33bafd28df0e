"""The interface, held against a dictionary of paths, and what it makes of conversations."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.adapters.openhands import ObjstoreFileStore
from tests.adapters.openhands.events import append, event, path_of, state, text_of, walk


@pytest.fixture
def files(tmp_path: Path) -> Iterator[ObjstoreFileStore]:
    with ObjstoreFileStore(tmp_path / "root") as made:
        yield made


# The interface


def test_a_list_keeps_the_prefix_of_its_caller_and_marks_folders(files: ObjstoreFileStore) -> None:
    files.write("a/b/c.txt", "c")
    files.write("a/d.txt", "d")
    assert sorted(files.list("a")) == ["a/b/", "a/d.txt"]
    assert sorted(files.list("/a/")) == ["/a/b/", "/a/d.txt"]
    assert files.list("") == ["a/"]
    assert files.list("a/d.txt") == ["a/d.txt"]
    assert files.list("nowhere") == []


def test_reading_what_is_missing_or_a_folder_is_the_error_of_a_file_system(files: ObjstoreFileStore) -> None:
    files.write("a/b.txt", "b")
    append(files, 0)
    with pytest.raises(FileNotFoundError):
        files.read("a/c.txt")
    for folder in ("a", "events", "", "/"):
        with pytest.raises(IsADirectoryError):
            files.read(folder)


def test_writing_over_a_folder_or_below_a_file_is_the_error_of_a_file_system(files: ObjstoreFileStore) -> None:
    files.write("a/b.txt", "b")
    append(files, 0)
    for folder in ("a", "events", ""):
        with pytest.raises(IsADirectoryError):
            files.write(folder, "x")
    with pytest.raises(NotADirectoryError):
        files.write("a/b.txt/c", "x")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "..\\x", "./../x", "/../x", ".."])
def test_a_path_that_leads_out_of_the_root_is_refused(files: ObjstoreFileStore, path: str) -> None:
    for call in (files.read, files.list, files.exists, files.get_absolute_path, lambda p: files.write(p, "x")):
        with pytest.raises(ValueError, match="path escapes filestore root"):
            call(path)
    files.delete(path)
    assert list(walk(files)) == []


def test_paths_are_one_however_they_are_written(files: ObjstoreFileStore) -> None:
    files.write("/a/./b//c.txt", "c")
    assert files.read("a\\b\\c.txt") == files.read("a/x/../b/c.txt") == "c"
    assert files.get_absolute_path("a/b") == os.path.join(files.root, "a", "b")
    assert files.get_absolute_path("") == files.root


def test_deleting_takes_a_file_or_a_tree_and_what_is_missing_is_no_fault(files: ObjstoreFileStore) -> None:
    for path in ("a/b/c.txt", "a/d.txt", "e.txt"):
        files.write(path, path)
    files.delete("nowhere")
    files.delete("a/d.txt")
    assert not files.exists("a/d.txt")
    files.delete("a")
    assert list(walk(files)) == ["e.txt"]
    files.delete("")
    assert files.list("") == []
    files.write("e.txt", "again")
    assert files.read("e.txt") == "again"


def test_bytes_are_kept_and_read_as_text_if_they_are(files: ObjstoreFileStore) -> None:
    files.write("a", "grün".encode())
    files.write("b", b"\xff\xfe")
    assert files.read("a") == "grün"
    with pytest.raises(UnicodeDecodeError):
        files.read("b")


def test_a_lock_is_exclusive_and_not_for_taking_twice(files: ObjstoreFileStore) -> None:
    with files.lock("events/.eventlog.lock"):
        with pytest.raises(TimeoutError), files.lock("events/.eventlog.lock", timeout=0.05):
            pass
        with files.lock("another", timeout=5):
            pass
    with files.lock("events/.eventlog.lock", timeout=5):
        pass
    assert list(walk(files)) == []


def _hold(root: str, held: object, done: object) -> None:
    with ObjstoreFileStore(root) as files, files.lock("x"):
        held.set()  # type: ignore[attr-defined]
        done.wait(60)  # type: ignore[attr-defined]


def test_a_lock_holds_off_other_processes_and_ends_with_its_holder(files: ObjstoreFileStore) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(files.root, held, done))
    holder.start()
    assert held.wait(60)
    with pytest.raises(TimeoutError), files.lock("x", timeout=0.05):
        pass
    holder.kill()
    holder.join()
    with files.lock("x", timeout=60):
        pass


def test_a_lock_serves_every_thread_in_the_end(files: ObjstoreFileStore) -> None:
    inside: list[int] = []
    seen: list[int] = []

    def work() -> None:
        for _ in range(20):
            with files.lock("x", timeout=60):
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 80


NAMES = st.sampled_from(["a", "b", "events", "base_state.json", *(path_of(n, event(n)["id"]) for n in range(3))])
PATHS = st.one_of(NAMES, st.builds("{}/{}".format, st.sampled_from(["a", "d"]), st.sampled_from(["a", "b"])))
TEXTS = st.one_of(st.sampled_from([text_of(event(n)) for n in range(3)] + [text_of(state(40)), "x", "", '{"a": 1}']))
STEPS = st.lists(st.tuples(st.sampled_from(["write", "write", "delete", "reopen"]), PATHS, TEXTS), max_size=25)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_it_is_a_dictionary_of_paths(steps: list[tuple[str, str, str]]) -> None:
    store = objstore.open("memory:")
    files = ObjstoreFileStore("root", store=store)
    model: dict[str, str] = {}
    for action, path, text in steps:
        if action == "write":
            clash = any(each.startswith(f"{path}/") or path.startswith(f"{each}/") for each in model)
            if clash:
                with pytest.raises((IsADirectoryError, NotADirectoryError)):
                    files.write(path, text)
            else:
                files.write(path, text)
                model[path] = text
        elif action == "delete":
            files.delete(path)
            model = {each: kept for each, kept in model.items() if each != path and not each.startswith(f"{path}/")}
        else:
            files = ObjstoreFileStore("root", store=store)
        found = {each for each in walk(files) if not each.endswith(".marker")}
        assert found == set(model)
        assert {each: files.read(each) for each in found} == model
        assert files.exists(path) == any(each == path or each.startswith(f"{path}/") for each in model)


# Conversations


def test_events_are_events_of_the_conversation_at_every_moment(files: ObjstoreFileStore) -> None:
    files.write("base_state.json", text_of(state(0)))
    paths = []
    for number in range(5):
        paths.append(append(files, number))
        files.write("base_state.json", text_of(state(number + 1)))
    conversation = files.store.conversations.open("main")
    assert list(conversation) == [event(number) for number in range(5)]
    assert sorted(path for path in files.list("events") if not path.endswith(".marker")) == paths
    assert conversation.at(2).settings.get("openhands.state.agent.llm.model") == "gpt-5"
    files.write("base_state.json", text_of(state(5, execution_status="running")))
    assert conversation.at(5).settings.get("openhands.state.execution_status") == "running"
    assert conversation.at(4).settings.get("openhands.state.execution_status") == "idle"
    (hit,) = files.store.conversations.search('"hello 3"')
    assert hit.places == ("main#4",)


def test_after_a_rewind_files_and_state_are_those_of_that_moment(files: ObjstoreFileStore) -> None:
    for number in range(4):
        append(files, number)
        files.write("base_state.json", text_of(state(number)))
    files.conversation.rewind(2)
    assert files.read("base_state.json") == text_of(state(1))
    assert len([path for path in files.list("events") if not path.endswith(".marker")]) == 2
    append(files, 2, "otherwise")
    assert [each["llm_message"]["content"][0]["text"] for each in files.conversation] == [  # type: ignore[index,call-overload]
        "hello 0",
        "hello 1",
        "otherwise 2",
    ]
    files.conversation.rewind("@{1}")
    with ObjstoreFileStore(files.root) as again:
        assert again.list("events") == files.list("events")


def test_a_fork_goes_on_by_itself_under_an_id_of_its_own(files: ObjstoreFileStore) -> None:
    for number in range(4):
        append(files, number)
        files.write("base_state.json", text_of(state(number)))
    fork = files.fork("other", at=3, id="11111111-2222-3333-4444-555555555555")
    assert fork.read("base_state.json") == text_of({**state(2), "id": "11111111-2222-3333-4444-555555555555"})
    append(fork, 3, "elsewhere")
    assert len(files.conversation) == len(fork.conversation) == 4
    assert files.conversation[3] != fork.conversation[3]
    assert files.read("base_state.json") == text_of(state(3))
    with pytest.raises(ValueError, match="no state"):
        ObjstoreFileStore(files.root, "empty", store=files.store).set_id("x")


def test_markers_say_the_length_whoever_appended(files: ObjstoreFileStore) -> None:
    assert not files.exists("events/.eventlog-len-0.marker")
    append(files, 0)
    files.write("events/.eventlog-len-7.marker", "")
    assert files.exists("events/.eventlog-len-1.marker")
    assert not files.exists("events/.eventlog-len-7.marker")
    with ObjstoreFileStore(files.root) as other:
        append(other, 1)
    assert not files.exists("events/.eventlog-len-1.marker")
    assert files.exists("events/.eventlog-len-2.marker")
    assert files.read("events/.eventlog-len-2.marker") == ""
    files.delete("events/.eventlog-len-2.marker")
    assert len(files.conversation) == 2


def test_an_event_that_does_not_fit_is_kept_to_the_letter(files: ObjstoreFileStore) -> None:
    odd = {
        path_of(1, event(1)["id"]): text_of(event(1)),  # The first one is not there yet.
        path_of(0, "another-id"): text_of(event(0)),
        "events/event-00002-00000000.json": "no json",
        "events/notes.txt": "a note",
    }
    for path, text in odd.items():
        files.write(path, text)
    assert len(files.conversation) == 0
    spaced = '{"id": "00000000-0000-0000-0000-000000000000", "n": 1.0e3}'
    files.write(path_of(0, event(0)["id"]), spaced)
    assert {path: files.read(path) for path in walk(files)} == odd | {path_of(0, event(0)["id"]): spaced} | {
        path: "" for path in walk(files) if path.endswith(".marker")
    }


def test_an_event_written_anew_or_deleted_is_so_for_readers_and_stays_in_the_history(files: ObjstoreFileStore) -> None:
    paths = [append(files, number) for number in range(3)]
    files.write(paths[1], "changed")
    files.delete(paths[2])
    assert files.read(paths[1]) == "changed"
    assert not files.exists(paths[2])
    with pytest.raises(FileNotFoundError):
        files.read(paths[2])
    assert len(files.conversation) == 3
    files.delete("events")
    assert files.list("events") == []
    append(files, 0, "anew")
    assert len(files.conversation) == 1


def _append_some(root: str, first: int) -> None:
    with ObjstoreFileStore(root) as files:
        for _ in range(10):
            with files.lock("events/.eventlog.lock", timeout=60):
                count = len([path for path in files.list("events") if path.endswith(".json")])
                append(files, count, f"from {first}")


def test_processes_that_take_turns_make_one_history(files: ObjstoreFileStore) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_some, args=(files.root, first)) for first in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [each["id"] for each in files.conversation] == [event(number)["id"] for number in range(20)]  # type: ignore[index,call-overload]
    assert len([path for path in files.list("events") if path.endswith(".json")]) == 20


def test_writers_that_take_no_turns_lose_nothing(files: ObjstoreFileStore) -> None:
    with ObjstoreFileStore(files.root) as other:
        append(files, 0)
        assert other.list("events")
        mine = path_of(1, "aaaaaaaa")
        theirs = path_of(1, "bbbbbbbb")
        files.write(mine, text_of({"id": "aaaaaaaa"}))
        other.write(theirs, text_of({"id": "bbbbbbbb"}))
        assert files.read(mine) == text_of({"id": "aaaaaaaa"})
        assert files.read(theirs) == text_of({"id": "bbbbbbbb"})
        assert {mine, theirs} < set(files.list("events"))


def test_an_event_appended_without_an_id_is_listed_by_its_commit(files: ObjstoreFileStore) -> None:
    files.conversation.append({"role": "user", "content": "from the command line"})
    name = path_of(0, files.conversation.head.oid.hex())
    assert name in files.list("events")
    assert files.read(name) == text_of({"role": "user", "content": "from the command line"})
