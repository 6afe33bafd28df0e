"""The catalogue says what a naive walk over all refs says, whatever was done to them and to its file."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.conversations.conversations import ConversationInfo
from objstore.errors import MissingObject, UnknownConversation
from tests.processes import python


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


def naive(store: objstore.Store, prefix: str, tags: tuple[str, ...], newest: bool) -> list[ConversationInfo]:
    """What a list should be, by opening every conversation."""
    found: list[ConversationInfo] = []
    for ref in store.refs.find("conversations/"):
        name = ref.name.partition("/")[2]
        conv = store.conversations.open(name)
        log = list(conv.log())
        moved = next(iter(store.refs.log(ref.name))).ended
        about = conv.metadata
        facts = (name, len(conv), log[0].time, log[0].id, log[-1].time, moved, about.title, tuple(sorted(about.tags)))
        if name.startswith(prefix) and {*tags} <= about.tags:
            found.append(ConversationInfo(*facts))
    return sorted(found, key=lambda info: (-info.changed, info.name)) if newest else found


def act(store: objstore.Store, draw: random.Random) -> None:
    """One change of any kind."""
    names = [info.name for info in store.conversations.find()]
    name = draw.choice(names) if names else ""
    what = draw.randrange(9) if names else 0
    if what == 0:
        store.conversations.open(f"{draw.choice('abü')}/{draw.randrange(30)}", create=True)
    elif what == 1:
        store.conversations.delete(name)
    elif what == 2:
        store.conversations.open(name).metadata.set("tags", draw.sample(["x", "y", "z"], draw.randrange(4)))
    elif what == 3:
        store.conversations.open(name).metadata.set("title", draw.choice(["", "one", "two"]))
    elif what == 4:
        store.conversations.open(name).rewind(0)
    elif what == 5:
        store.undo(next(iter(store.operations())))
    elif what == 6:
        fork = f"{draw.choice('abü')}/f{draw.randrange(10**6)}"
        store.conversations.open(name).fork(fork)
    else:
        store.conversations.open(name).append(draw.random())


@pytest.mark.parametrize("seed", range(6))
def test_every_list_is_that_of_a_naive_walk(store: objstore.Store, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(25):
        for _ in range(draw.randrange(1, 8)):
            act(store, draw)
        prefix = draw.choice(["", "a/", "ü", "b/1", "nothing"])
        tags = tuple(draw.sample(["x", "y"], draw.randrange(3)))
        newest = draw.random() < 0.6
        expected = naive(store, prefix, tags, newest)
        assert list(store.conversations.find(prefix, tag=tags, newest=newest)) == expected
        size, pages = draw.randrange(1, 5), list[ConversationInfo]()
        while True:
            after = pages[-1] if pages else ""
            page = list(store.conversations.find(prefix, tag=tags, newest=newest, after=after, limit=size))
            pages += page
            if len(page) < size:
                break
        assert pages == expected


def test_a_page_goes_on_where_the_last_one_ended_though_that_conversation_changed(store: objstore.Store) -> None:
    for name in "abcd":
        store.conversations.create(name).append(1)
    first = list(store.conversations.find(newest=True, limit=2))
    assert [info.name for info in first] == ["d", "c"]
    store.conversations.open("c").append(2)
    assert [info.name for info in store.conversations.find(newest=True, after=first[-1])] == ["b", "a"]
    assert [info.name for info in store.conversations.find(newest=True, after="c")] == ["d", "b", "a"]
    with pytest.raises(UnknownConversation):
        list(store.conversations.find(newest=True, after="nothing"))


def test_another_process_and_a_later_opening_see_the_same(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        store.conversations.create("a").metadata.add_tags("x")
        assert [info.name for info in store.conversations.find(newest=True)] == ["a"]
        python(f"import objstore; objstore.open({str(tmp_path / 's')!r}).conversations.create('b')")
        assert [info.name for info in store.conversations.find(newest=True)] == ["b", "a"]
    with objstore.open(tmp_path / "s") as store:
        assert [info.name for info in store.conversations.find(tag="x")] == ["a"]


@pytest.mark.parametrize("damage", ["garbage", "cut", "gone", "ahead"])
def test_a_catalogue_that_is_lost_or_damaged_is_made_anew(tmp_path: Path, damage: str) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        for number in range(50):
            store.conversations.create(f"c{number:02}").metadata.set("title", f"t{number}")
        before = list(store.conversations.find(newest=True))
    file = tmp_path / "s" / "cache" / "catalogue.sqlite"
    data = file.read_bytes()
    if damage == "garbage":
        file.write_bytes(b"x" * len(data))
    elif damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "gone":
        file.unlink()
    else:
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE state SET operation = operation + 1000")
            connection.execute("DELETE FROM conversations")
    with objstore.open(tmp_path / "s") as store:
        assert list(store.conversations.find(newest=True)) == before


def test_a_conversation_that_is_damaged_is_no_silent_gap_in_a_list_by_name(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        for name in "abc":
            store.conversations.create(name).append(name)
        assert len(list(store.conversations.find(newest=True))) == 3
        head = store.conversations.open("b").head.oid
    journal = next((tmp_path / "s").glob("journal-*.sqlite"))
    with sqlite3.connect(journal) as connection:
        connection.execute("DELETE FROM objects WHERE oid = ?", (head,))
    (tmp_path / "s" / "cache" / "catalogue.sqlite").unlink()
    with objstore.open(tmp_path / "s") as store:
        assert [info.name for info in store.conversations.find(newest=True)] == ["c", "a"]
        with pytest.raises(MissingObject):
            list(store.conversations.find())
        store.conversations.delete("b")
        assert [info.name for info in store.conversations.find()] == ["a", "c"]


def test_a_store_opened_for_reading_lists_without_writing(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        store.conversations.create("a").metadata.add_tags("x")
    with objstore.open(tmp_path / "s", read_only=True) as store:
        assert [info.name for info in store.conversations.find(tag="x", newest=True)] == ["a"]
    assert not (tmp_path / "s" / "cache").exists()


def test_threads_that_list_and_change_at_once_agree_in_the_end(store: objstore.Store) -> None:
    failed: list[BaseException] = []

    def work(who: int) -> None:
        try:
            for number in range(10):
                store.conversations.create(f"{who}/{number}").metadata.add_tags(f"t{number % 2}")
                names = [info.name for info in store.conversations.find(f"{who}/", newest=True)]
                assert {f"{who}/{before}" for before in range(number + 1)} == {*names}
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert list(store.conversations.find(newest=True, tag="t1")) == naive(store, "", ("t1",), newest=True)
