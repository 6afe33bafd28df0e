"""Dropping checkpoints from the middle of a thread: a new history of those that stay takes the place of the old one.

The new history grows beside the old under a name of its own, and the thread moves to it in one step, so whoever reads
sees one or the other. What was dropped is out of the thread; its bytes go when nothing else keeps them (the log of the
name does, for undo, until gc lets go of it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import uuid4

from objstore.adapters.langgraph.thread import Key, Saved, Thread
from objstore.errors import MovedHead

BESIDE = "langgraph-rewriting"

Keep = Callable[[Thread], set[Key]]


def rewrite(thread: Thread, keep: Keep) -> None:
    """Keep only the checkpoints that `keep` names, with their writes; asked again if another writer was faster."""
    with thread.lock:
        while True:
            thread.refresh()
            kept, there = keep(thread), dict(thread.all())
            if kept >= there.keys():
                return
            if not kept:
                thread.delete()
                return
            copy = copied(thread, {key: saved for key, saved in there.items() if key in kept})
            try:
                thread.replace(copy)
            except MovedHead:
                continue
            finally:
                copy.delete()
            return


def copied(thread: Thread, kept: Mapping[Key, Saved]) -> Thread:
    """A new thread with some checkpoints of another, in the order of their events, each with its writes."""
    copy = Thread(thread.store, f"{BESIDE}/{uuid4().hex}")
    for key, saved in sorted(kept.items(), key=lambda item: item[1].number):
        event = thread.events[saved.number]
        copy.put({**event, "values": {}}, thread.channels.values(saved.number))
        for writes in thread.writes(*key):
            copy.put_writes(writes)
    return copy
