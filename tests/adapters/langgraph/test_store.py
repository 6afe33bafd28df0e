"""Long-term memory in a store, side by side with LangGraph's own in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.store.base import GetOp, Item, ListNamespacesOp, MatchCondition, Op, PutOp, SearchOp
from langgraph.store.memory import InMemoryStore

import objstore
from objstore.adapters.langgraph import ObjstoreStore
from objstore.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with objstore.open(tmp_path / "store", create=True) as opened:
        yield opened


NAMES = st.sampled_from(["a", "b", "users", "con", ".x", "ü/ü"])
NAMESPACES = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
PREFIXES = st.lists(NAMES, max_size=2).map(tuple)
VALUES = st.fixed_dictionaries({"n": st.integers(0, 3)}, optional={"text": st.text(max_size=5)})
FILTERS = st.one_of(st.none(), st.just({"n": 1}), st.just({"n": {"$gte": 1, "$lt": 3}}), st.just({"text": {"$ne": ""}}))
CONDITIONS = st.builds(
    MatchCondition, st.sampled_from(["prefix", "suffix"]), st.lists(NAMES | st.just("*"), max_size=2)
)
OPS = st.one_of(
    st.builds(PutOp, NAMESPACES, NAMES, VALUES | st.none()),
    st.builds(PutOp, NAMESPACES, NAMES, VALUES),
    st.builds(GetOp, NAMESPACES, NAMES),
    st.builds(SearchOp, PREFIXES, FILTERS, limit=st.just(50)),
    st.builds(
        ListNamespacesOp,
        st.none() | st.lists(CONDITIONS, max_size=2).map(tuple),
        st.none() | st.integers(1, 3),
        limit=st.integers(0, 5),
        offset=st.integers(0, 2),
    ),
)


def shown(result: Any) -> Any:
    """A result without times, searches in the order of their places."""
    if isinstance(result, Item):
        return result.namespace, result.key, result.value
    if isinstance(result, list) and result and isinstance(result[0], Item):
        return sorted((item.namespace, item.key, json.dumps(item.value)) for item in result)
    return result


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(OPS, max_size=5), max_size=6))
def test_it_answers_as_the_store_in_memory_does(batches: list[list[Op]]) -> None:
    with objstore.open("memory:") as place:
        own, theirs = ObjstoreStore(place), InMemoryStore()
        for batch in batches:
            ops = sorted(batch, key=lambda op: not isinstance(op, ListNamespacesOp))
            for namespace in [name for name, items in theirs._data.items() if not items]:
                del theirs._data[namespace]  # It goes on listing where nothing is any more.
            assert [shown(each) for each in own.batch(ops)] == [shown(each) for each in theirs.batch(ops)]


def test_a_batch_is_one_commit_and_can_be_undone(store: Store) -> None:
    memory = ObjstoreStore(store)
    memory.put(("users", "ann"), "color", {"color": "red"})
    memory.batch([PutOp(("users", "ann"), "color", {"color": "blue"}), PutOp(("users", "bob"), "food", {"x": 1})])
    files = store.files.open("langgraph")
    assert [info.path for info in files] == ["users/ann/color.json", "users/bob/food.json"]
    files.undo()
    assert memory.search(("users",))[0].value == {"color": "red"}
    assert len(memory.search(("users",))) == 1


def test_an_item_keeps_the_time_of_its_first_put(store: Store) -> None:
    memory = ObjstoreStore(store)
    memory.put(("a",), "k", {"n": 1})
    first = memory.get(("a",), "k")
    memory.put(("a",), "k", {"n": 2})
    second = ObjstoreStore(store).get(("a",), "k")
    assert first is not None
    assert second is not None
    assert second.created_at == first.created_at == first.updated_at < second.updated_at


def test_a_query_ranks_by_the_words_that_it_shares(store: Store) -> None:
    memory = ObjstoreStore(store)
    memory.put(("m",), "1", {"text": "Ann likes long walks"})
    memory.put(("m",), "2", {"text": "Ann drinks tea", "more": ["and likes it hot"]})
    memory.put(("m",), "3", {"text": "the weather"})
    found = memory.search(("m",), query="likes TEA")
    assert [(item.key, item.score) for item in found] == [("2", 1.0), ("1", 0.5), ("3", 0.0)]


def test_what_is_no_json_is_refused_and_nothing_of_its_batch_is_kept(store: Store) -> None:
    memory = ObjstoreStore(store)
    with pytest.raises(TypeError, match="set"):
        memory.batch([PutOp(("a",), "k", {"n": 1}), PutOp(("a",), "l", {"n": {1}})])
    assert memory.search(()) == []


def test_a_filter_with_an_operator_that_there_is_not_is_refused(store: Store) -> None:
    memory = ObjstoreStore(store)
    memory.put(("a",), "k", {"n": 1})
    with pytest.raises(ValueError, match=r"\$like"):
        memory.search(("a",), filter={"n": {"$like": 1}})


def test_it_can_be_awaited(store: Store) -> None:
    async def use() -> Any:
        memory = ObjstoreStore(store)
        await memory.aput(("a",), "k", {"n": 1})
        return await memory.asearch(("a",), filter={"n": 1})

    assert [item.key for item in asyncio.run(use())] == ["k"]
