"""LangGraph's checkpoints in a store, beside its own SqliteSaver: one `put` per message of about 1 KB.

put     CPU and time of a put at 100 and at 5,000 messages, of message objects and of plain dicts, both in turn
size    a thread grown to 5,000 messages, a put for each: bytes on disk, beside the messages themselves
invoke  the same through a graph, each step with its checkpoints and writes: bytes on disk
open    the newest checkpoint of that thread in a new process, beside SqliteSaver with the same newest checkpoint
"""

from __future__ import annotations

import random
import sys
from argparse import Namespace
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import StateGraph
from langgraph.graph.message import add_messages

import objstore
from objstore.adapters.langgraph import ObjstoreSaver
from tools.bench import harness, texts
from tools.bench.harness import Report, conclude, in_child, median, options, workspace

PARTS = ("put", "size", "invoke", "open")
LENGTHS = (100, 5000)
MESSAGE = 1000  # bytes of text
CONFIG: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}


def message(number: int, *, plain: bool) -> Any:
    """One message of a chat: user and model in turn."""
    text = texts.prose(random.Random(number), MESSAGE, MESSAGE + 1)[:MESSAGE]
    if plain:
        return {"role": "assistant" if number % 2 else "user", "content": text, "id": f"m{number}"}
    return (AIMessage if number % 2 else HumanMessage)(content=text, id=f"m{number}")


class Chat:
    """A thread under a saver: each call of `say` puts a checkpoint with one message more."""

    def __init__(self, saver: BaseCheckpointSaver[Any], messages: list[Any]) -> None:
        """`messages` are those that the first checkpoint has."""
        self.saver = saver
        self.messages = list(messages)
        self.config = CONFIG
        self.step = 0

    def say(self, *more: Any) -> None:
        """Put a checkpoint as a graph does: with versions, what each node has seen, and metadata."""
        self.messages.extend(more)
        self.step += 1
        checkpoint = empty_checkpoint()
        checkpoint["id"] = str(uuid6(clock_seq=self.step))
        checkpoint["channel_values"] = {"messages": self.messages}
        versions: dict[str, Any] = {"__start__": self.step, "messages": self.step, "branch:to:model": self.step}
        checkpoint["channel_versions"] = versions
        checkpoint["versions_seen"] = {"__input__": {}, "__start__": {"__start__": self.step}, "model": dict(versions)}
        metadata: Any = {"source": "loop", "step": self.step, "parents": {}}
        self.config = self.saver.put(self.config, checkpoint, metadata, {"messages": self.step})


def put(report: Report, folder: Path, _: Namespace) -> None:
    """A put of each saver in turn, in one process; medians."""
    for length in LENGTHS:
        for plain in (False, True):
            what = f"put at {length:,} {'dicts' if plain else 'messages'}"
            count = 15 if length > 1000 else 60
            found = in_child(puts, place=str(folder / what), length=length, plain=plain, count=count).value
            limits = {"CPU": 0.8 if length > 1000 else 1.5, "time": 1.0}
            for metric, limit in limits.items():
                own, theirs = (median(found[side][metric]) for side in ("objstore", "SqliteSaver"))
                ratio = own / theirs
                report.figure(what, metric, own * 1e3, "ms", peer="SqliteSaver", ratio=ratio, at_most=limit)


def puts(place: str, length: int, plain: bool, count: int) -> dict[str, dict[str, list[float]]]:
    """CPU and wall seconds of `count` puts of each saver, interleaved, on top of a thread of `length` messages."""
    folder = Path(place)
    folder.mkdir()
    start = [message(number, plain=plain) for number in range(length)]
    times: dict[str, dict[str, list[float]]] = {}
    with (
        objstore.open(folder / "store", create=True) as store,
        SqliteSaver.from_conn_string(str(folder / "theirs.db")) as theirs,
    ):
        chats = {"objstore": Chat(ObjstoreSaver(store), start), "SqliteSaver": Chat(theirs, start)}
        for name, chat in chats.items():
            times[name] = {"CPU": [], "time": []}
            for number in range(3):
                chat.say(message(length + number, plain=plain))
        for number in range(count):
            new = message(length + 3 + number, plain=plain)
            for name, chat in chats.items():
                wall, cpu = perf_counter(), process_time()
                chat.say(new)
                times[name]["CPU"].append(process_time() - cpu)
                times[name]["time"].append(perf_counter() - wall)
    return times


def size(report: Report, folder: Path, chosen: Namespace) -> None:
    """Bytes of a thread that grew by one message a put."""
    count = round(5000 * chosen.scale)
    grow(str(folder / "store"), count)
    taken = harness.folder_bytes(folder / "store")
    content = sum(len(message(number, plain=True)["content"]) for number in range(count))
    what = f"a thread of {count:,} puts"
    report.figure(what, "on disk", taken / 1e6, "MB", at_most=30 * chosen.scale)
    report.figure(what, "on disk beside its text", taken / content, "×")
    with objstore.open(folder / "store") as store:
        store.repack()
    report.figure(what, "on disk, packed", harness.folder_bytes(folder / "store") / 1e6, "MB")


def grow(place: str, count: int) -> None:
    """Put a checkpoint for each of `count` messages."""
    with objstore.open(place, create=True) as store:
        chat = Chat(ObjstoreSaver(store), [])
        for number in range(count):
            chat.say(message(number, plain=True))


class State(TypedDict):
    """What the graph passes on."""

    messages: Annotated[list[Any], add_messages]


def invoke(report: Report, folder: Path, chosen: Namespace) -> None:
    """Bytes of a thread that a graph made: each call adds a question and an answer."""
    calls = round(500 * chosen.scale)
    graph = StateGraph(State)
    graph.add_node("model", lambda state: {"messages": [message(len(state["messages"]), plain=False)]})
    graph.set_entry_point("model")
    graph.set_finish_point("model")
    sizes: dict[str, float] = {}
    (folder / "theirs").mkdir()
    with (
        objstore.open(folder / "store", create=True) as store,
        SqliteSaver.from_conn_string(str(folder / "theirs" / "theirs.db")) as theirs,
    ):
        for saver in (ObjstoreSaver(store), theirs):
            compiled = graph.compile(checkpointer=saver)
            for number in range(calls):
                compiled.invoke({"messages": [message(2 * number, plain=False)]}, CONFIG)
    for name, place in (("objstore", "store"), ("SqliteSaver", "theirs")):
        sizes[name] = harness.folder_bytes(folder / place) / 1e6
    what, ratio = f"{calls:,} calls of a graph", sizes["objstore"] / sizes["SqliteSaver"]
    report.figure(what, "on disk", sizes["objstore"], "MB", peer="SqliteSaver", ratio=ratio)


def newest(place: str, ours: bool) -> float:
    """Seconds to read the newest checkpoint, everything opened anew."""
    begin = perf_counter()
    if ours:
        with objstore.open(place) as store:
            found = ObjstoreSaver(store).get_tuple(CONFIG)
    else:
        with SqliteSaver.from_conn_string(place) as saver:
            found = saver.get_tuple(CONFIG)
    assert found is not None
    return perf_counter() - begin


def open_(report: Report, folder: Path, chosen: Namespace) -> None:
    """The newest checkpoint, cold."""
    count = round(5000 * chosen.scale)
    grow(str(folder / "store"), count)
    with SqliteSaver.from_conn_string(str(folder / "theirs.db")) as theirs:
        Chat(theirs, [message(number, plain=True) for number in range(count)]).say()
    places = {True: "store", False: "theirs.db"}
    taken = {
        ours: min(in_child(newest, place=str(folder / places[ours]), ours=ours).value for _ in range(3))
        for ours in places
    }
    what = f"the newest of {count:,} checkpoints, opened anew"
    report.figure(what, "time", taken[True] * 1e3, "ms", peer="SqliteSaver", ratio=taken[True] / taken[False])


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("langgraph", folder)
        for part in chosen.parts:
            place = folder / part
            place.mkdir()
            {"put": put, "size": size, "invoke": invoke, "open": open_}[part](report, place, chosen)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
