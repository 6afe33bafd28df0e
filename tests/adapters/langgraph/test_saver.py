"""The saver beyond what the conformance suite asks: sharing, other writers, deletion, and the conversation behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, HumanMessage

import objstore
from objstore.adapters.langgraph import ObjstoreSaver
from objstore.adapters.langgraph.retention import newest
from objstore.errors import ConversationExists
from objstore.store import Store
from tests.adapters.langgraph.chat import place, put, values_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with objstore.open(tmp_path / "store", create=True) as opened:
        yield opened


def talk(saver: ObjstoreSaver, count: int, thread: str = "t") -> list[Any]:
    """A chat of `count` checkpoints with one message more each; their configs."""
    config, messages, configs = place(thread), [], []
    for number in range(count):
        messages.append({"role": "user", "content": f"message {number}"})
        config = put(saver, config, number, {"messages": list(messages), "topic": "weather"})
        configs.append(config)
    return configs


def forms_of(store: Store, number: int, thread: str = "t") -> dict[str, Any]:
    """The forms of the values in an event."""
    event: Any = store.conversations.open(f"langgraph/{thread}")[number]
    return event["values"]


def test_a_growing_list_costs_what_is_new_and_an_equal_value_nothing(store: Store) -> None:
    talk(ObjstoreSaver(store), 5)
    forms = forms_of(store, 4)
    assert forms["topic"] == {"as": "00000000"}
    assert forms["messages"]["from"] == "00000003"
    assert forms["messages"]["items"][0] == [0, 4]
    assert "message 4" in forms["messages"]["items"][1]


def test_another_saver_goes_on_from_what_is_stored(store: Store) -> None:
    config = talk(ObjstoreSaver(store), 3)[-1]
    before = values_of(ObjstoreSaver(store), config)["messages"]
    put(ObjstoreSaver(store), config, 3, {"messages": [*before, {"role": "user", "content": "more"}]})
    assert forms_of(store, 3)["messages"]["items"][0] == [0, 3]


@pytest.mark.parametrize("kind", [dict, HumanMessage, AIMessage])
def test_a_value_that_was_changed_in_place_is_stored_as_it_is_now(store: Store, kind: type) -> None:
    saver = ObjstoreSaver(store)
    make: Any = dict if kind is dict else kind
    messages = [make(content=f"{number}", additional_kwargs={"seen": [1]}) for number in range(4)]
    first = put(saver, place(), 0, {"messages": messages})
    if kind is dict:
        messages[1]["content"] = "changed"
        messages[2]["additional_kwargs"]["seen"].append(True)
    else:
        messages[1].content = "changed"
        messages[2].additional_kwargs["seen"].append(True)
    second = put(saver, first, 1, {"messages": messages})
    assert values_of(saver, second)["messages"] == messages
    assert values_of(saver, first)["messages"][1] == make(content="1", additional_kwargs={"seen": [1]})
    assert forms_of(store, 1)["messages"]["items"][0] == [0, 1]


def test_a_field_that_changes_its_type_alone_is_a_change(store: Store) -> None:
    saver = ObjstoreSaver(store)
    message = HumanMessage(content="x", additional_kwargs={"n": 1})
    first = put(saver, place(), 0, {"messages": [message]})
    message.additional_kwargs["n"] = True  # Equal to 1, and yet another value.
    second = put(saver, first, 1, {"messages": [message]})
    assert values_of(saver, second)["messages"][0].additional_kwargs["n"] is True


def test_a_message_of_a_class_of_ones_own_is_serialized_every_time(store: Store) -> None:
    class Loud(HumanMessage):
        def model_dump(self, **options: Any) -> dict[str, Any]:
            return {**super().model_dump(**options), "content": volume[0]}

    volume = ["quiet"]
    saver, message = ObjstoreSaver(store), Loud(content="x")
    first = put(saver, place(), 0, {"messages": [message]})
    volume[0] = "loud"
    put(saver, first, 1, {"messages": [message]})
    assert "loud" in forms_of(store, 1)["messages"]["items"][0]


def test_large_values_are_files_of_the_commit_and_share_their_chunks(store: Store) -> None:
    saver = ObjstoreSaver(store)
    text = "".join(f"line {number} of a long document\n" for number in range(20_000))
    first = put(saver, place(), 0, {"document": text})
    second = put(saver, first, 1, {"document": text + "the end"})
    third = put(saver, second, 2, {"document": text + "the end"})
    assert forms_of(store, 2)["document"] == {"as": "00000001"}
    fresh = ObjstoreSaver(store)
    assert values_of(fresh, first)["document"] == text
    assert values_of(fresh, third)["document"] == text + "the end"


def test_every_checkpoint_of_a_long_thread_can_be_read(store: Store) -> None:
    configs = talk(ObjstoreSaver(store), 200)
    found = list(ObjstoreSaver(store).list(place()))
    assert [len(each.checkpoint["channel_values"]["messages"]) for each in found] == list(range(200, 0, -1))
    assert len(values_of(ObjstoreSaver(store), configs[70])["messages"]) == 71


def test_branches_from_old_checkpoints_are_right_whoever_reads_them(store: Store) -> None:
    saver = ObjstoreSaver(store)
    configs = talk(saver, 6)
    forked = put(saver, configs[2], 10, {"messages": ["other"], "topic": "sports"})
    again = put(saver, configs[4], 11, {"messages": ["a", "b"], "topic": "weather"})
    for reader in (saver, ObjstoreSaver(store)):
        assert values_of(reader, forked) == {"messages": ["other"], "topic": "sports"}
        assert values_of(reader, again) == {"messages": ["a", "b"], "topic": "weather"}
        assert len(values_of(reader, configs[5])["messages"]) == 6


def test_a_checkpoint_that_is_put_again_leaves_those_that_took_from_it_as_they_were(store: Store) -> None:
    saver = ObjstoreSaver(store)
    first = put(saver, place(), 0, {"topic": "weather", "messages": ["a", "b"]})
    second = put(saver, first, 1, {"topic": "weather", "messages": ["a", "b", "c"]})
    put(saver, place(), 0, {"topic": "sports", "messages": ["z"]})
    third = put(saver, second, 2, {"topic": "weather", "messages": ["a", "b", "c", "d"]})
    for reader in (saver, ObjstoreSaver(store)):
        assert values_of(reader, first)["topic"] == "sports"
        assert values_of(reader, second) == {"topic": "weather", "messages": ["a", "b", "c"]}
        assert values_of(reader, third) == {"topic": "weather", "messages": ["a", "b", "c", "d"]}


def test_savers_on_one_thread_at_once_lose_nothing(store: Store, tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def work(start: int) -> None:
        try:
            with objstore.open(tmp_path / "store") as own:
                saver, config = ObjstoreSaver(own), place()
                for number in range(start, start + 25):
                    config = put(saver, config, number, {"messages": [f"{start}"] * 3 + [f"{number}"]})
                    saver.put_writes(config, [("out", number)], f"task {number}")
        except BaseException as error:
            failed.append(error)

    workers = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed, failed
    found = {each.config["configurable"]["checkpoint_id"]: each for each in ObjstoreSaver(store).list(place())}
    numbers = [start + step for start in (0, 100, 200) for step in range(25)]
    assert sorted(found) == [f"{number:08}" for number in numbers]
    for number in numbers:
        each = found[f"{number:08}"]
        assert each.checkpoint["channel_values"]["messages"] == [f"{number // 100 * 100}"] * 3 + [f"{number}"]
        assert each.pending_writes == [(f"task {number}", "out", number)]


# Deleting


def test_pruning_keeps_the_newest_of_each_namespace(store: Store) -> None:
    saver = ObjstoreSaver(store)
    configs = talk(saver, 9)
    child = put(saver, place(ns="child"), 0, {"n": 1})
    saver.put_writes(configs[-1], [("out", "x")], "task")
    saver.prune(["t", "missing"], keep=3)
    for reader in (saver, ObjstoreSaver(store)):
        found = list(reader.list(place()))
        assert [each.metadata["step"] for each in found] == [8, 7, 6]
        assert len(found[-1].checkpoint["channel_values"]["messages"]) == 7
        assert found[0].pending_writes == [("task", "out", "x")]
        assert values_of(reader, child) == {"n": 1}
    assert [name for name, _ in store.conversations.heads("")] == ["langgraph/t"]


def test_what_was_pruned_comes_back_by_undo(store: Store) -> None:
    saver = ObjstoreSaver(store)
    talk(saver, 4)
    saver.prune(["t"])
    store.conversations.open("langgraph/t").undo()
    assert len(list(saver.list(place()))) == 4


def test_pruning_keeps_what_delta_channels_are_rebuilt_from(store: Store) -> None:
    saver, config = ObjstoreSaver(store), place()
    for number in range(6):
        values = {"log": ["seed"]} if number == 2 else {}
        config = put(saver, config, number, values, counters_since_delta_snapshot={"log": [number, number]})
        saver.put_writes(config, [("log", number)], "task")
    history = saver.get_delta_channel_history(config=config, channels=["log"])
    saver.prune(["t"])
    assert [each.metadata["step"] for each in saver.list(place())] == [5, 4, 3, 2]
    assert saver.get_delta_channel_history(config=config, channels=["log"]) == history
    assert history["log"] == {"seed": ["seed"], "writes": [("task", "log", number) for number in (2, 3, 4)]}


@pytest.mark.parametrize(("strategy", "keep"), [("keep_latest", 0), ("oldest", 1)])
def test_pruning_in_a_way_that_there_is_not_is_refused(store: Store, strategy: str, keep: int) -> None:
    with pytest.raises(ValueError, match="strategy"):
        ObjstoreSaver(store).prune(["t"], strategy=strategy, keep=keep)


def test_a_checkpoint_that_arrives_while_a_thread_is_pruned_stays(store: Store) -> None:
    from objstore.adapters.langgraph.rewriting import rewrite

    saver, other = ObjstoreSaver(store), ObjstoreSaver(store)
    config = talk(saver, 3)[-1]
    keep, late = newest(1, saver.serde), [config]

    def keep_and_be_overtaken(thread: Any) -> set[tuple[str, str]]:
        kept = keep(thread)
        if late:
            put(other, late.pop(), 3, {"messages": ["late"]})
        return kept

    rewrite(saver.threads["t"], keep_and_be_overtaken)
    assert [each.metadata["step"] for each in saver.list(place())] == [3]


def test_a_thread_that_another_saver_deleted_begins_anew(store: Store) -> None:
    saver, other = ObjstoreSaver(store), ObjstoreSaver(store)
    config = talk(saver, 2)[-1]
    other.delete_thread("t")
    assert saver.get_tuple(place()) is None
    saver.put_writes(config, [("out", 1)], "task")
    other.delete_thread("t")
    put(saver, place(), 5, {"messages": ["new"]})
    assert [each.metadata["step"] for each in other.list(place())] == [5]


# The conversation behind


def test_a_copy_is_a_fork_that_goes_its_own_way(store: Store) -> None:
    saver = ObjstoreSaver(store)
    config = talk(saver, 3)[-1]
    saver.copy_thread("t", "copy")
    put(saver, place("copy", checkpoint=config["configurable"]["checkpoint_id"]), 3, {"messages": ["new"]})
    assert len(list(saver.list(place("copy")))) == 4
    assert len(list(saver.list(place()))) == 3
    with pytest.raises(ConversationExists):
        saver.copy_thread("t", "copy")


def test_a_rewind_of_the_conversation_takes_checkpoints_back(store: Store) -> None:
    saver = ObjstoreSaver(store)
    config = talk(saver, 5)[1]
    store.conversations.open("langgraph/t").rewind(2)
    assert [each.metadata["step"] for each in saver.list(place())] == [1, 0]
    put(saver, config, 7, {"messages": ["another way"]})
    assert values_of(saver, place()) == {"messages": ["another way"]}


def test_what_was_said_is_found(store: Store) -> None:
    put(ObjstoreSaver(store), place("weather"), 0, {"messages": [HumanMessage(content="Will it rain in Łódź?")]})
    for words in ("will it rain", "Łódź"):
        assert [hit.places for hit in store.conversations.search(words)] == [("langgraph/weather#1",)]


def test_events_of_others_in_the_conversation_are_no_checkpoints(store: Store) -> None:
    saver = ObjstoreSaver(store)
    talk(saver, 2)
    conversation = store.conversations.open("langgraph/t")
    conversation.append({"role": "user", "content": "by the way"})
    conversation.append("text")
    assert len(list(saver.list(place()))) == 2


def test_threads_with_any_name_are_listed_together_the_newest_first(store: Store) -> None:
    saver = ObjstoreSaver(store)
    for number, name in enumerate(["a/b", "", "ü.lock", "42"]):
        put(saver, place(name), number, {"n": number})
    found = [(each.config["configurable"]["thread_id"], each.metadata["step"]) for each in saver.list(None)]
    assert found == [("42", 3), ("ü.lock", 2), ("", 1), ("a/b", 0)]


def test_a_number_may_be_the_id_of_a_thread(store: Store) -> None:
    saver = ObjstoreSaver(store)
    config: Any = {"configurable": {"thread_id": 7, "checkpoint_ns": ""}}
    assert put(saver, config, 0, {"n": 1})["configurable"]["thread_id"] == 7
    assert cast("Any", saver.get_tuple(config)).checkpoint["channel_values"] == {"n": 1}
