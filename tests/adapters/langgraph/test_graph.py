"""Graphs that run on a saver: the whole of LangGraph on top, beside its saver in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, interrupt

import objstore
from objstore.adapters.langgraph import ObjstoreSaver

CONFIG: Any = {"configurable": {"thread_id": "t"}}


class State(TypedDict):
    messages: Annotated[list[Any], add_messages]
    asked: int


def answer(state: State) -> Any:
    number = len(state["messages"])
    return {"messages": [AIMessage(content=f"answer {number}", id=f"a{number}")], "asked": number}


def graph_on(saver: BaseCheckpointSaver[Any], *, ask: bool = False) -> Any:
    """A graph with one node that answers; with `ask` a second one that waits for a person."""

    def approve(state: State) -> Any:
        return {"messages": [HumanMessage(content=interrupt({"really": state["asked"]}), id="approval")]}

    builder = StateGraph(State)
    builder.add_node("answer", answer)
    builder.add_edge(START, "answer")
    if ask:
        builder.add_node("approve", approve)
        builder.add_edge("answer", "approve")
        builder.add_edge("approve", END)
    return builder.compile(checkpointer=saver)


def states(graph: Any) -> list[Any]:
    """What the history shows, without ids and times."""
    return [(each.values, each.next, each.metadata["step"]) for each in graph.get_state_history(CONFIG)]


def test_a_chat_has_the_same_history_as_in_memory(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        histories = []
        for saver in (ObjstoreSaver(store), InMemorySaver()):
            graph = graph_on(saver)
            for number in range(5):
                graph.invoke({"messages": [HumanMessage(content=f"question {number}", id=f"q{number}")]}, CONFIG)
            graph.update_state(CONFIG, {"messages": [RemoveMessage(id="q0"), HumanMessage(content="edited", id="q1")]})
            histories.append(states(graph))
        assert histories[0] == histories[1]
        assert states(graph_on(ObjstoreSaver(store))) == histories[0]


def test_a_run_that_was_interrupted_goes_on_in_another_process(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        found = graph_on(ObjstoreSaver(store), ask=True).invoke({"messages": [HumanMessage("hi", id="q")]}, CONFIG)
        assert found["__interrupt__"][0].value == {"really": 1}
    with objstore.open(tmp_path / "store") as store:
        graph = graph_on(ObjstoreSaver(store), ask=True)
        assert graph.get_state(CONFIG).next == ("approve",)
        assert graph.invoke(Command(resume="yes"), CONFIG)["messages"][-1].content == "yes"


def test_a_run_goes_on_from_any_checkpoint_of_the_past(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        graph = graph_on(ObjstoreSaver(store))
        for number in range(3):
            graph.invoke({"messages": [HumanMessage(content=f"question {number}", id=f"q{number}")]}, CONFIG)
        past = next(each for each in graph.get_state_history(CONFIG) if len(each.values["messages"]) == 2)
        graph.invoke({"messages": [HumanMessage(content="instead", id="i")]}, past.config)
        said = [message.content for message in graph.get_state(CONFIG).values["messages"]]
        assert said == ["question 0", "answer 1", "instead", "answer 3"]


@pytest.mark.parametrize("count", [3])
def test_awaited_runs_of_many_threads_keep_apart(tmp_path: Path, count: int) -> None:
    async def chat(graph: Any, thread: int) -> list[str]:
        config = {"configurable": {"thread_id": f"t{thread}"}}
        for number in range(count):
            await graph.ainvoke({"messages": [HumanMessage(content=f"{thread} {number}")]}, config)
        state = await graph.aget_state(config)
        return [message.content for message in state.values["messages"] if message.type == "human"]

    async def all_chats() -> list[list[str]]:
        with objstore.open(tmp_path / "store", create=True) as store:
            graph = graph_on(ObjstoreSaver(store))
            return await asyncio.gather(*(chat(graph, thread) for thread in range(4)))

    assert asyncio.run(all_chats()) == [[f"{thread} {number}" for number in range(count)] for thread in range(4)]
