"""Sixteen threads on one and on many conversations of an open store: nothing is lost, order is kept, results are one's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import objstore
from objstore.repository.commit import CommitInfo

THREADS = 16
ROUNDS = 12


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


def in_threads(work: Callable[[int], None]) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def run(who: int) -> None:
        start.wait()
        try:
            work(who)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(who,)) for who in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@pytest.mark.parametrize("shared", [True, False], ids=["one handle", "a handle each"])
def test_one_conversation_keeps_all_that_sixteen_threads_append(store: objstore.Store, shared: bool) -> None:
    conv = store.conversations.open("c", create=True)
    heads: list[list[CommitInfo]] = [[] for _ in range(THREADS)]

    def work(who: int) -> None:
        mine = conv if shared else store.conversations.open("c")
        for number in range(ROUNDS):
            if number % 3 == 2:
                with mine.commit() as draft:
                    draft.append([who, number])
                    draft.files.write(f"{who}/{number}", b"%d" % who)
                assert draft.made is not None
                heads[who].append(draft.made)
            else:
                heads[who].append(mine.append([who, number]))
            assert len(mine) >= number + 1

    in_threads(work)
    events = list(conv)
    assert len(events) == THREADS * ROUNDS
    for who in range(THREADS):
        assert [event for event in events if event[0] == who] == [[who, number] for number in range(ROUNDS)]
        # What each call returned is the commit that it made, whoever else wrote at the same time.
        assert [conv.at(made)[-1] for made in heads[who]] == [[who, number] for number in range(ROUNDS)]
        assert [info.path for info in conv.files.find(f"{who}/")] == sorted(
            f"{who}/{number}" for number in range(2, ROUNDS, 3)
        )
    assert list(store.check()) == []


def test_many_conversations_made_and_written_at_once_are_all_there(store: objstore.Store) -> None:
    def work(who: int) -> None:
        mine = store.conversations.open(f"c{who}", create=True)
        both = store.conversations.open(f"shared{who // 2}", create=True)
        for number in range(ROUNDS):
            mine.append([who, number])
            both.append([who, number])
            assert mine[-1] == [who, number]

    in_threads(work)
    for who in range(THREADS):
        own = [[who, number] for number in range(ROUNDS)]
        assert list(store.conversations.open(f"c{who}")) == own
        shared = list(store.conversations.open(f"shared{who // 2}"))
        assert [event for event in shared if event[0] == who] == own
        assert len(shared) == 2 * ROUNDS
    assert len(list(store.conversations.find())) == THREADS + THREADS // 2
    assert list(store.check()) == []


def test_readers_see_a_whole_conversation_while_others_write(store: objstore.Store) -> None:
    conv = store.conversations.open("c", create=True)

    def work(who: int) -> None:
        if who < 4:
            for _ in range(ROUNDS):
                conv.append_many([who, who, who])
        else:
            for _ in range(3):
                view = conv.at(len(conv))
                assert len(view) % 3 == 0
                events = list(view)
                assert events == [event for event in events[::3] for _ in range(3)]

    in_threads(work)
    assert len(conv) == 4 * ROUNDS * 3


def test_threads_that_merge_and_append_lose_nothing(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    sides = [main.fork(f"side{who}") for who in range(THREADS)]

    def work(who: int) -> None:
        for number in range(3):
            sides[who].append([who, number])
            sides[who].files.write(f"{who}/{number}", b"")
            main.merge(sides[who])

    in_threads(work)
    events = list(main)
    assert sorted(map(str, events)) == sorted(str([who, number]) for who in range(THREADS) for number in range(3))
    for who in range(THREADS):
        assert [event for event in events if event[0] == who] == [[who, number] for number in range(3)]
    assert len(main.files) == THREADS * 3
    assert list(store.check()) == []


def test_a_store_that_is_closed_while_threads_read_says_so_to_each(tmp_path: Path) -> None:
    for attempt in range(15):
        store = objstore.open(tmp_path / f"s{attempt}", create=True)
        conv = store.conversations.create("c")
        conv.append(1)
        ends: list[str] = []

        def read(conv: objstore.Conversation, ends: list[str]) -> None:
            try:
                while True:
                    assert list(conv) == [1]
            except Exception as error:
                ends.append(type(error).__name__)

        threads = [threading.Thread(target=read, args=(conv, ends)) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(0.01)
        store.close()
        for thread in threads:
            thread.join()
        assert ends == ["StoreClosed"] * 6
