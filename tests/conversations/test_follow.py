"""Followers tell what happens to a conversation, whoever does it, and say so when events that they told no longer count."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.conversations.follow import Follower, HeadMoved
from objstore.errors import StoreClosed, UnknownConversation, UnknownRevision
from tests.processes import start


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


class Mirror:
    """A list that a follower keeps equal to a conversation, from a thread of its own."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.events: list[object] = []
        self.moves: list[HeadMoved] = []
        self.failed: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            for item in self.follower:
                if isinstance(item, HeadMoved):
                    assert len(self.events) == item.events + item.dropped
                    del self.events[item.events :]
                    self.moves.append(item)
                else:
                    assert item.number == len(self.events)
                    self.events.append(item.value)
        except BaseException as error:
            self.failed = error

    def becomes(self, events: list[object], moves: int = 0) -> bool:
        """Whether the mirror shows these events, after so many moves, within ten seconds."""
        end = time.monotonic() + 10
        while time.monotonic() < end and not self.failed:
            if self.events == events and len(self.moves) >= moves:
                return True
            time.sleep(0.001)
        return False

    def stop(self) -> None:
        self.follower.close()
        self.thread.join(10)
        assert not self.thread.is_alive()
        if self.failed is not None:
            raise self.failed


def test_a_follower_begins_with_the_next_event_or_after_a_moment(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.append_many(["a", "b", "c"])
    for after, expected in ((None, []), (0, ["a", "b", "c"]), (2, ["c"]), ("#1", ["b", "c"]), ("~3", ["a", "b", "c"])):
        assert [item.value for item in conv.follow(after=after, timeout=0)] == expected  # type: ignore[union-attr]
    for after, error in ((4, IndexError), ("#9", UnknownRevision)):
        with pytest.raises(error):
            conv.follow(after=after)
    store.conversations.delete("c")
    with pytest.raises(UnknownConversation):
        conv.follow()


def test_every_kind_of_move_is_told_with_what_still_counts(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    conv.append_many([0, 1, 2, 3])
    mirror = Mirror(conv.follow(after=0))
    assert mirror.becomes([0, 1, 2, 3])
    conv.metadata.set("title", "adds no event")
    conv.rewind(2)
    assert mirror.becomes([0, 1], 1)
    conv.append("x")
    assert mirror.becomes([0, 1, "x"], 1)
    fork = conv.fork("d", at=1)
    fork.append_many(["y", "z"])
    conv.rewind("d")
    assert mirror.becomes([0, "y", "z"], 2)
    conv.undo()
    assert mirror.becomes([0, 1, "x"], 3)
    store.conversations.delete("c")
    assert mirror.becomes([], 4)
    store.conversations.create("c").append("anew")
    assert mirror.becomes(["anew"], 5)
    mirror.stop()
    told = [(move.how, move.events, move.dropped, move.why) for move in mirror.moves]
    assert told == [
        ("rewound", 2, 2, told[0][3]),
        ("replaced", 1, 2, told[1][3]),
        ("replaced", 1, 2, told[2][3]),
        ("deleted", 0, 3, "delete"),
        ("made", 0, 0, told[4][3]),
    ]
    assert told[0][:3] == ("rewound", 2, 2)
    assert told[0][3].startswith("rewind to ")
    assert mirror.moves[3].head is None
    assert mirror.moves[0].who == "agent"


def test_a_timeout_counts_from_the_last_event(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    began = time.monotonic()
    timers = [threading.Timer(0.15 * number, conv.append, (number,)) for number in (1, 2, 3)]
    for timer in timers:
        timer.start()
    assert [item.value for item in conv.follow(timeout=0.4)] == [1, 2, 3]  # type: ignore[union-attr]
    assert time.monotonic() - began > 0.8


def test_closing_ends_a_follower_that_waits_and_a_closed_store_says_so(store: objstore.Store) -> None:
    conv = store.conversations.create("c")
    mirror = Mirror(conv.follow())
    mirror.stop()
    with conv.follow() as news:
        pass
    assert list(news) == []
    mirror = Mirror(conv.follow())
    store.close()
    mirror.thread.join(10)
    assert isinstance(mirror.failed, StoreClosed)


@pytest.mark.parametrize("seed", range(3))
def test_a_mirror_stays_equal_to_the_conversation_whatever_is_done_to_it(store: objstore.Store, seed: int) -> None:
    draw = random.Random(seed)
    conv = store.conversations.create("c")
    mirrors = [Mirror(conv.follow(after=0)) for _ in range(3)]
    for step in range(80):
        what = draw.randrange(7)
        if what < 3:
            conv.append(step)
        elif what == 3:
            conv.append_many([step, [step]])
        elif what == 4 and len(conv):
            conv.rewind(draw.randrange(len(conv)))
        elif what == 5 and len(conv):
            conv.rewind(conv.edit(draw.randrange(len(conv)), -step, f"e{step}", carry=True).head)
        else:
            conv.files.write("f", b"%d" % step)
        if draw.random() < 0.3:
            events = list(conv)
            assert all(mirror.becomes(events) for mirror in mirrors), f"seed {seed}, step {step}"
    events = list(conv)
    assert all(mirror.becomes(events) for mirror in mirrors), f"seed {seed}"
    for mirror in mirrors:
        mirror.stop()


WRITER = """
import sys, objstore
with objstore.open(sys.argv[1]) as store:
    conv = store.conversations.open("c")
    for number in range(int(sys.argv[3])):
        conv.append([sys.argv[2], number])
"""


def test_events_of_other_processes_come_in_order_and_none_is_left_out(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.create("c")
        follower = conv.follow(timeout=30)
        writers = [start(WRITER, str(tmp_path / "s"), str(who), "25") for who in range(3)]
        seen = [next(follower) for _ in range(75)]
        for writer in writers:
            writer.communicate(timeout=30)
            assert writer.returncode == 0
        follower.close()
        assert [item.value for item in seen] == list(conv)  # type: ignore[union-attr]
        for who in "012":
            assert [item.value[1] for item in seen if item.value[0] == who] == list(range(25))  # type: ignore[union-attr]


def test_an_idle_follower_costs_next_to_no_time(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.create("c")
        before = time.process_time()
        assert list(conv.follow(timeout=1)) == []
        assert time.process_time() - before < 0.05


def test_a_follower_works_where_the_kernel_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.storage.local.watch._watch_folder", lambda _: None)
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.create("c")
        mirror = Mirror(conv.follow())
        for number in range(20):
            conv.append(number)
        assert mirror.becomes(list(range(20)))
        time.sleep(0.3)
        conv.append("later")
        assert mirror.becomes([*range(20), "later"])
        mirror.stop()
