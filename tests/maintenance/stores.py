"""Stores with something of everything, and all that a user sees of one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import objstore
from objstore.errors import ObjstoreError

Content = dict[str, object]


def fill(store: objstore.Store, events: int = 1060) -> None:
    """Conversations with forks and merges, files with a large one, settings, a tag; some packed, some not."""
    chance = random.Random(7)
    c = store.conversations.create("c")
    c.append_many({"n": number, "text": f"event {number} " * 5} for number in range(events))
    fork = c.fork("fork", at=events // 2)
    fork.append({"n": "fork"})
    c.merge(fork)
    with c.commit("all parts") as draft:
        draft.append({"n": "all"})
        draft.files.write("src/app.py", b"print('hi')\n")
        draft.files.write("large.bin", chance.randbytes(300_000))
        draft.settings.set("llm.model", "x")
    ws = store.files.create("ws")
    with ws.commit("many") as draft:
        for number in range(400):
            draft.write(f"d{number % 7}/f{number}.txt", f"file {number}\n".encode() * (number % 9))
    store.repack()
    ws.write("d0/f0.txt", b"changed")
    ws.delete("d1/f1.txt")
    store.settings.create("user").update({"llm.model": "y", "limits.tokens": 9})
    store.tags.create("v1", "c#3")
    c.append({"n": "after"})
    store.conversations.create("gone").append({"n": "gone"})
    store.conversations.delete("gone")
    c.rewind(20)
    c.undo()


def make(place: Path, events: int = 1060) -> Path:
    """A folder with such a store."""
    with objstore.open(place, create=True) as store:
        fill(store, events)
    return place


def make_small(place: Path) -> Path:
    """The smallest store with a pack, its index, rows in the journal, a file, settings and a log with a deletion."""
    with objstore.open(place, create=True) as store:
        c = store.conversations.create("c")
        c.append_many({"n": number, "text": "some text " * 3} for number in range(4))
        store.files.create("ws").write("a/b.txt", b"one file\n")
        store.repack()
        c.append({"n": 4})
        store.settings.create("user").set("llm.model", "y")
        store.conversations.create("gone").append({"n": 0})
        store.conversations.delete("gone")
    return place


def content(store: objstore.Store) -> Content:
    """Everything that a user sees, by the name of its ref; in the place of what cannot be read, the kind of error."""
    found: Content = {}
    for ref in store.refs.find():
        space, _, name = ref.name.partition("/")
        read: Callable[[], object]
        if space == "conversations":
            conv = store.conversations.open(name)
            read = lambda conv=conv: (list(conv), files(conv), conv.settings.values())  # noqa: E731 - bound in a loop
        elif space == "files":
            read = lambda name=name: files(store.files.open(name))  # noqa: E731
        elif space == "settings":
            read = lambda name=name: store.settings.open(name).values()  # noqa: E731
        else:
            read = lambda ref=ref: ref.value  # noqa: E731
        found[ref.name] = attempt(read)
        found[f"log of {ref.name}"] = attempt(lambda ref=ref: [entry.chain for entry in store.refs.log(ref.name)])
    return found


def files(view: object) -> dict[str, bytes]:
    """Every file of a workspace or of a conversation."""
    head = view if hasattr(view, "find") else view.files  # type: ignore[attr-defined]
    return {entry.path: head.read(entry.path) for entry in head.find()}  # type: ignore[attr-defined]


def attempt(read: Callable[[], object]) -> object:
    """What a call returns, or the name of the error of ours that it raises."""
    try:
        return read()
    except ObjstoreError as error:
        return type(error).__name__
