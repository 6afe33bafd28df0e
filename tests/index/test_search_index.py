"""Searching a store: against a naive scan, whatever was done to the conversations before, and as of any moment."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import InvalidQuery, InvalidRevision, NothingToUndo, ObjstoreError, UnknownRevision
from objstore.index.finder import MOST_PLACES, WINDOW
from tests.index import naive
from tests.index.naive import Not, Word

NAMES = ["a", "ab", "b", "c"]
EMPTY: list[list[str]] = [[], []]


def message(draw: random.Random, length: int = 6) -> dict[str, object]:
    return {"role": draw.choice(["user", "assistant"]), "content": " ".join(draw.choices(naive.VOCABULARY, k=length))}


def change(store: objstore.Store, draw: random.Random) -> None:
    """One thing that somebody does to a store."""
    names = [info.name for info in store.conversations.find()]
    what = draw.choice(
        ["append", "append", "many", "fork", "rewind", "delete", "undo", "redo", "merge", "files", "whole"]
    )
    name = draw.choice(names or NAMES)
    if what == "whole":
        operation = next(iter(store.operations()), None)
        if operation is not None:
            store.undo(operation)
        return
    conv = store.conversations.open(name, create=True)
    if what == "append":
        conv.append(message(draw))
    elif what == "many":
        conv.append_many(message(draw) for _ in range(draw.randrange(5)))
    elif what == "fork":
        conv.fork(draw.choice(NAMES), at=draw.randint(0, len(conv)))
    elif what == "rewind":
        conv.rewind(draw.randint(0, len(conv)))
    elif what == "delete":
        store.conversations.delete(name)
    elif what in ("undo", "redo"):
        conv.head  # noqa: B018 - undo goes on from what was seen
        getattr(conv, what)()
    elif what == "merge":
        conv.merge(store.conversations.open(draw.choice(names or [name])))
    else:
        conv.files.write("f", draw.randbytes(4))


def found(store: objstore.Store, query: object, **limits: object) -> dict[str, str]:
    hits = store.conversations.search(str(query), limit=1000, **limits)  # type: ignore[arg-type]
    assert len({hit.oid for hit in hits}) == len(hits), "every event once"
    return {place: hit.oid.hex() for hit in hits for place in hit.places}


def check(store: objstore.Store, query: object, prefix: str = "") -> None:
    """The index says what a naive scan says, or refuses what fits an event without words."""
    if query.fits(EMPTY):  # type: ignore[attr-defined]
        with pytest.raises(InvalidQuery):
            found(store, query)
    else:
        assert found(store, query, prefix=prefix) == naive.places(store, query, prefix)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(naive.queries(), min_size=4, max_size=4))
def test_after_any_history_a_search_finds_what_a_scan_finds(seed: int, queries: list[object]) -> None:
    draw = random.Random(seed)
    with objstore.open("memory:") as store:
        moments: list[str] = []
        for step in range(24):
            try:
                change(store, draw)
            except (NothingToUndo, ObjstoreError):
                pass  # as for anybody: nothing was changed
            heads = list(store.conversations.find())
            moments += [draw.choice(heads).head] if heads else []
            if step % 6 == 5:
                check(store, queries[step // 6], draw.choice(["", "a", "ab", "x"]))
                check(store, Word("alpha"))
        for moment in draw.sample(moments, min(4, len(moments))):
            expected = {f"{moment}#{number}": oid for number, oid in naive.fitting(store.view(moment), Word("alpha"))}
            assert found(store, Word("alpha"), at=moment) == expected


@settings(max_examples=150, deadline=None)
@given(naive.queries(), st.lists(st.lists(st.sampled_from(naive.VOCABULARY), max_size=5), min_size=1, max_size=6))
def test_any_query_means_what_it_says(query: object, texts: list[list[str]]) -> None:
    with objstore.open("memory:") as store:
        store.conversations.create("c").append_many({"content": " ".join(words)} for words in texts)
        check(store, query)


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("a (NOT b NOT c)", lambda a, b, c: a and not b and not c),
        ("a NOT (b OR c)", lambda a, b, c: a and not (b or c)),
        ("a NOT (b c)", lambda a, b, c: a and not (b and c)),
        ("a (b OR NOT c)", lambda a, b, c: a and (b or not c)),
        ("a (NOT b OR NOT c)", lambda a, b, c: a and (not b or not c)),
        ("a OR (b NOT c)", lambda a, b, c: a or (b and not c)),
        ("NOT (NOT a OR NOT b)", lambda a, b, c: a and b),
        ("NOT (NOT a NOT b)", lambda a, b, c: a or b),
        ("a OR b c", lambda a, b, c: a or (b and c)),
        ("a NOT b OR c", lambda a, b, c: (a and not b) or c),
    ],
)
def test_operators_mean_what_they_say(query: str, meaning: Callable[[bool, bool, bool], bool]) -> None:
    with objstore.open("memory:") as store:
        cases = list(product([False, True], repeat=3))
        texts = [" ".join(word for word, there in zip("abc", case, strict=True) if there) for case in cases]
        store.conversations.create("c").append_many({"content": text} for text in texts)
        expected = {f"c#{number}" for number, case in enumerate(cases, 1) if meaning(*case)}
        assert set(found(store, query)) == expected


def test_what_forks_share_is_one_hit_that_names_them_all() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("base")
        conv.append_many([{"content": "alpha"}, {"content": "beta"}])
        for number in range(40):
            conv.fork(f"fork-{number:02}", at=1 + number % 2)
        (hit,) = store.conversations.search("alpha")
        assert len(hit.places) == MOST_PLACES
        assert hit.more
        (hit,) = store.conversations.search("alpha", prefix="fork-0")
        assert hit.places == tuple(f"fork-0{number}#1" for number in range(10))
        assert not hit.more
        (hit,) = store.conversations.search("beta", prefix="fork-0")
        assert hit.places == tuple(f"fork-0{number}#2" for number in range(1, 10, 2))


def test_indexing_what_is_shared_happens_once() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("a")
        conv.append_many({"content": f"alpha {number}"} for number in range(50))
        assert store.conversations.catch_up()[:2] == (1, 50)
        side = conv.fork("b", at=25)
        assert store.conversations.catch_up()[:2] == (1, 0)
        side.append({"content": "beta"})
        conv.append({"content": "gamma"})
        assert store.conversations.catch_up()[:2] == (2, 2)
        conv.merge(side)
        assert store.conversations.catch_up()[:2] == (1, 0)
        (hit,) = store.conversations.search("beta")
        assert hit.places == ("a#52", "b#26")
        conv.rewind(3)
        store.conversations.delete("b")
        assert store.conversations.catch_up()[:2] == (2, 0)
        assert store.conversations.search("beta OR gamma OR 49") == []


def test_role_tool_and_time_limit_a_search() -> None:
    def call(tool: str, when: str) -> dict[str, object]:
        return {"role": "tool", "name": tool, "content": "alpha", "timestamp": when}

    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many([{"role": "user", "content": "alpha"}, call("bash", "2026-01-01T00:00:00Z")])
        conv.append_many([call("Bash", "2026-01-02T00:00:00Z"), call("ba sh", "2026-01-03T00:00:00+00:00")])

        def moments(**limits: object) -> list[str]:
            return sorted(found(store, "alpha", **limits))

        assert moments(role="user") == ["c#1"]
        assert moments(role="function") == moments(role="tool") == ["c#2", "c#3", "c#4"]
        assert moments(tool="bash") == ["c#2"]
        assert moments(tool="bash", role="user") == []
        assert moments(since="2026-01-02") == ["c#1", "c#3", "c#4"]
        assert moments(until="2026-01-02") == ["c#2"]
        assert moments(since=datetime(2026, 1, 2, tzinfo=UTC), until=datetime(2026, 1, 3, tzinfo=UTC)) == ["c#3"]
        with pytest.raises(InvalidRevision, match="no time"):
            moments(since="soon")


def test_as_of_a_moment_a_search_sees_that_history_alone() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        for number in range(5):
            conv.append({"content": f"alpha {number}"})
        third = conv.at(3).commit
        store.tags.create("v1", "c#2")
        assert sorted(found(store, "alpha", at="c#3")) == ["c#1", "c#2", "c#3"]
        assert sorted(found(store, "alpha", at="tags/v1")) == ["tags/v1#1", "tags/v1#2"]
        assert sorted(found(store, "alpha", at=third)) == [f"{third.id[:12]}#{number}" for number in (1, 2, 3)]
        conv.rewind(1)
        conv.append({"content": "beta"})
        store.conversations.delete("c")
        assert sorted(found(store, "alpha", at="c@{1}")) == ["c#1"]
        assert sorted(found(store, "alpha", at=third)) == [f"{third.id[:12]}#{number}" for number in (1, 2, 3)]
        assert found(store, "alpha") == {}
        for wrong, error in (("nothing#1", UnknownRevision), ("#3", InvalidRevision), ("c:f", InvalidRevision)):
            with pytest.raises(error):
                found(store, "alpha", at=wrong)


def test_a_history_that_no_search_has_seen_can_be_asked_as_of_its_moment() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many([{"content": "alpha"}, {"content": "beta"}])
        head = conv.head
        conv.rewind(0)
        assert found(store, "alpha") == {}
        assert sorted(found(store, "beta", at=head)) == [f"{head.id[:12]}#2"]
        assert found(store, "beta") == {}


def test_as_of_a_time_a_search_sees_what_was_committed_by_then() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        first = conv.append({"content": "alpha one", "timestamp": "2020-01-01T00:00:00Z"})
        while conv.append({"content": "alpha two"}).time == first.time:
            conv.rewind(1)
        assert sorted(found(store, "alpha", at=first.when)) == ["c#1"]
        assert sorted(found(store, "alpha", at="now")) == ["c#1", "c#2"]
        assert found(store, "alpha", at="1 hour ago") == {}
        assert sorted(found(store, "alpha", at=first.when, prefix="c")) == ["c#1"]


def test_pages_hold_every_hit_once_also_beyond_what_is_ranked_together() -> None:
    with objstore.open("memory:") as store:
        count = WINDOW + 700
        store.conversations.create("c").append_many({"content": f"alpha {'beta ' * (n % 3)}"} for n in range(count))
        seen = [
            hit.moment
            for offset in range(0, count + 100, 500)
            for hit in store.conversations.search("alpha", limit=500, offset=offset)
        ]
        assert len(seen) == len({*seen}) == count
        assert store.conversations.search("alpha", limit=0) == []
        with pytest.raises(ValueError, match="negative"):
            store.conversations.search("alpha", offset=-1)


def test_the_best_hits_come_first() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many({"content": "filler " * 50 + text} for text in ["alpha", "", "", ""])
        conv.append({"content": "alpha alpha beta"})
        hits = store.conversations.search("alpha")
        assert [hit.moment for hit in hits] == ["c#5", "c#1"]
        assert hits[0].score > hits[1].score > 0


def test_a_long_conversation_is_taken_up_whole(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        conv = store.conversations.create("c")
        conv.append_many({"content": f"alpha{number}"} for number in range(3000))
        assert store.conversations.catch_up().events == 3000
        side = conv.fork("d", at=1500)
        side.append_many({"content": f"beta{number}"} for number in range(1200))
        for query, places in (
            ("alpha0", ("c#1", "d#1")),
            ("alpha1499", ("c#1500", "d#1500")),
            ("alpha1500", ("c#1501",)),
        ):
            (hit,) = store.conversations.search(query)
            assert hit.places == places
        (hit,) = store.conversations.search("beta1199")
        assert hit.places == ("d#2700",)


def test_a_query_that_says_only_what_must_not_be_there_is_refused() -> None:
    with objstore.open("memory:") as store, pytest.raises(InvalidQuery, match="a word that must"):
        store.conversations.search(str(Not(Word("alpha"))))
