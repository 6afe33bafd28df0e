"""The copy of a thread that spares a new process its history: right whatever happened since, and gone when it has to be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.adapters.langgraph import ObjstoreSaver
from objstore.adapters.langgraph import thread as thread_module
from objstore.adapters.langgraph.channels import Known
from objstore.adapters.langgraph.thread_copy import ThreadCopy, decode_copy, encode_copy
from objstore.store import Store
from tests.adapters.langgraph.chat import place, put, values_of

NAME = "langgraph/t"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_module, "_COPY_AFTER", 8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with objstore.open(tmp_path / "store", create=True) as opened:
        yield opened


def talk(saver: ObjstoreSaver, start: int, stop: int, config: Any = None, word: str = "message") -> Any:
    config = config or place()
    messages = [] if start == 0 else values_of(saver, config)["messages"]
    for number in range(start, stop):
        messages = [*messages, {"role": "user", "content": f"{word} {number}"}]
        config = put(saver, config, number, {"messages": messages, "topic": "weather"})
        saver.put_writes(config, [("out", number)], f"task {number}")
    return config


def read_from(saver: ObjstoreSaver) -> int:
    """How many events a saver that starts now has to read of a thread."""
    thread = saver.threads["t"]
    thread.refresh()
    copied = saver.store.copies.read(NAME)
    copy = None if copied is None else decode_copy(copied)
    return thread.events.count - (copy.events if copy else 0)


def everything(saver: ObjstoreSaver) -> list[Any]:
    return [(each.config, each.checkpoint, each.metadata, each.pending_writes) for each in saver.list(place())]


def test_a_copy_comes_back_as_it_was() -> None:
    latest = {
        "": (4, {"a": Known("x", 3, ("msgpack", b"1")), "b": Known("y", 4, [("msgpack", b"1"), ("msgpack", b"2")])}),
        "child": (2, {"c": Known("z", 2, []), "d": Known("z", 2, [("bytes", b"1"), ("msgpack", b"2")])}),
    }
    saved = [("", "x", [(3, None, "run"), (4, "x", None)])]
    copy = ThreadCopy(5, b"\x01" * 32, saved, [("", "x", [1, 2])], latest)  # pyright: ignore[reportArgumentType]
    assert decode_copy(encode_copy(copy)) == copy
    for wrong in (b"", b"\xc1", b"\x93\x01\x02\x03", encode_copy(copy)[:-3], encode_copy(copy)[:1] + b"\x02"):
        assert decode_copy(wrong) is None


def test_a_new_process_reads_what_came_after_the_copy_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(ObjstoreSaver(store), 0, 40)
    fresh = ObjstoreSaver(store)
    found = fresh.get_tuple(place())
    assert found is not None
    assert len(found.checkpoint["channel_values"]["messages"]) == 40
    assert read_from(fresh) <= 8
    with_copy = everything(fresh)
    store.copies.discard()
    monkeypatch.setattr(thread_module, "_COPY_AFTER", 1000)
    assert everything(ObjstoreSaver(store)) == with_copy


def test_a_copy_is_right_after_rewinds_forks_and_other_writers(store: Store) -> None:
    talk(ObjstoreSaver(store), 0, 30)
    conversation = store.conversations.open(NAME)
    conversation.rewind(41)
    fresh = ObjstoreSaver(store)
    assert len(everything(fresh)) == 21
    talk(fresh, 21, 50, fresh.get_tuple(place()).config, "again")  # pyright: ignore[reportOptionalMemberAccess]
    last = ObjstoreSaver(store).get_tuple(place())
    assert last is not None
    words = [message["content"].split()[0] for message in last.checkpoint["channel_values"]["messages"]]
    assert words == ["message"] * 21 + ["again"] * 29
    fresh.copy_thread("t", "other")
    assert len(values_of(ObjstoreSaver(store), place("other"))["messages"]) == len(
        values_of(ObjstoreSaver(store), place())["messages"]
    )


@pytest.mark.parametrize("how", ["cut", "flipped", "empty", "other"])
def test_a_damaged_copy_counts_as_none(store: Store, tmp_path: Path, how: str) -> None:
    talk(ObjstoreSaver(store), 0, 20)
    right = everything(ObjstoreSaver(store))
    (file,) = (tmp_path / "store" / "cache" / "copies").iterdir()
    data = file.read_bytes()
    flipped = data[:-9] + bytes((data[-9] ^ 1,)) + data[-8:]
    file.write_bytes({"cut": data[:-1], "flipped": flipped, "empty": b"", "other": b"x" * 99}[how])
    assert store.copies.read(NAME) is None
    assert everything(ObjstoreSaver(store)) == right


def test_no_copy_outlives_a_redaction_a_collection_or_its_thread(store: Store, tmp_path: Path) -> None:
    saver, folder = ObjstoreSaver(store), tmp_path / "store" / "cache" / "copies"
    config = talk(saver, 0, 20)
    assert any(folder.iterdir())
    store.conversations.open(NAME).redact(4, reason="a secret")
    assert not folder.exists()
    talk(saver, 20, 40, config)  # This saver still knows what was redacted: it leaves no copy any more.
    assert store.copies.read(NAME) is None
    talk(ObjstoreSaver(store), 0, 20, place("u"))
    assert store.copies.read("langgraph/u") is not None
    store.conversations.delete(NAME)
    assert store.gc(expire_reflog=timedelta(0)).deleted
    assert store.copies.read("langgraph/u") is None


def test_a_deleted_thread_leaves_no_copy(store: Store) -> None:
    saver = ObjstoreSaver(store)
    talk(saver, 0, 20)
    assert store.copies.read(NAME) is not None
    saver.delete_thread("t")
    assert store.copies.read(NAME) is None
    assert ObjstoreSaver(store).get_tuple(place()) is None


def test_a_store_in_memory_keeps_no_copies() -> None:
    with objstore.open("memory:") as store:
        talk(ObjstoreSaver(store), 0, 20)
        assert store.copies.read(NAME) is None
