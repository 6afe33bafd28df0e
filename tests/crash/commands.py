"""What a user may be doing when the process dies: each command changes a prepared store, whole or not at all.

`prepare` makes the store that they start from, `state` says what a store holds, so that a store after a crash can be
compared with the ones before and after the command. The keys lie beside the store and are copied with it, so that putting
an older copy in place of another is no rollback.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import objstore
from objstore.objects.kinds import Kind
from objstore.storage.local.storage import LocalStorage
from refs.edits import Note

LARGE = 1_500_000  # More than a stage keeps in memory: it becomes a pack.


def prepare(folder: Path) -> None:
    """A store in `folder/store` and a directory in `folder/work` that is to be snapshot."""
    with objstore.open(folder / "store", create=True, keys=folder / "keys") as store:
        conversation = store.conversations.create("c")
        conversation.append_many([{"n": number, "text": "before " * 30} for number in range(30)])
        store.conversations.create("other").append({"n": 0})
        store.settings.create("user").set("llm.model", "old")
        store.files.create("ws").write("old.txt", b"old")
        gone = store.conversations.create("gone")
        gone.append_many([{"n": number, "text": "gone " * 30} for number in range(20)])
        store.repack()
        store.conversations.delete("gone")
        conversation.append({"n": "last", "text": "before"})
    write_directory(folder / "work", seed=1)


def write_directory(directory: Path, seed: int) -> None:
    """Files that are different for every seed: small ones, and a large one that cannot be compressed."""
    (directory / "sub").mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    for number in range(12):
        (directory / "sub" / f"{number}.txt").write_text(f"{chance.random()} " * 50)
    (directory / "large.bin").write_bytes(chance.randbytes(LARGE))


def append(store: objstore.Store, work: Path) -> None:
    store.conversations.open("c").append({"n": 30, "text": "one more"})


def append_many(store: objstore.Store, work: Path) -> None:
    store.conversations.open("c").append_many([{"n": number} for number in range(30, 37)])


def together(store: objstore.Store, work: Path) -> None:
    with store.conversations.open("c").commit("all parts") as draft:
        draft.append({"n": 30})
        draft.files.snapshot(work / "sub")
        draft.settings.set("llm.model", "new")
        draft.append({"n": 31})


def snapshot(store: objstore.Store, work: Path) -> None:
    store.files.open("ws").snapshot(work)


def settings(store: objstore.Store, work: Path) -> None:
    store.settings.open("user").update({"llm.model": "new", "llm.limit": 3})


def fork(store: objstore.Store, work: Path) -> None:
    store.conversations.open("c").fork("forked", at=10)


def rewind(store: objstore.Store, work: Path) -> None:
    store.conversations.open("c").rewind(3)


def delete(store: objstore.Store, work: Path) -> None:
    store.conversations.delete("other")


def repack(store: objstore.Store, work: Path) -> None:
    store.repack()


def merge(store: objstore.Store, work: Path) -> None:
    """Packs become one; what the last of them holds is no part of any ref."""
    storage = store.storage
    store.repack()
    assert isinstance(storage, LocalStorage)
    noise = random.Random(2).randbytes(sum(row.size for row in storage.journal.packs()) // 2)
    storage.apply([storage.hasher.object(Kind.BLOB, noise)], (), Note("ada", "noise", 1))
    assert store.repack().merged > 1


def gc(store: objstore.Store, work: Path) -> None:
    assert store.gc(expire_reflog=timedelta(0), thorough=True).deleted >= 40


def create(store: objstore.Store, work: Path) -> None:
    """Opening made the store."""


COMMANDS: dict[str, Callable[[objstore.Store, Path], None]] = {
    function.__name__: function
    for function in (create, append, append_many, together, snapshot, settings, fork, rewind, delete, repack, merge, gc)
}

State = dict[str, object]


def state(store: objstore.Store) -> State:
    """Everything in a store that a user sees, by name; fails if anything is damaged or cannot be read."""
    damages = list(store.check())
    assert not damages, damages
    storage = store.storage
    for oid, kind, size in storage.objects():
        obj = storage.read(oid)
        assert (obj.kind, len(obj.payload)) == (kind, size)
    found: State = {}
    for name, _ in store.conversations.heads():
        conversation = store.conversations.open(name)
        found[f"conversations/{name}"] = (list(conversation), conversation.files.root, conversation.settings.values())
    for name, _ in store.files.heads():
        found[f"files/{name}"] = store.files.open(name).root
    for name, _ in store.settings.heads():
        found[f"settings/{name}"] = store.settings.open(name).values()
    return found


def state_after_crash(place: Path) -> State:
    """The state of a store, which must open, and must take another append that is there when it is opened again."""
    keys = place.parent / "keys"
    with objstore.open(place, create=True, keys=keys) as store:
        found = state(store)
        store.conversations.open("later", create=True).append({"after": "the crash"})
    with objstore.open(place, keys=keys) as store:
        again = state(store)
    assert again.pop("conversations/later")[0] == [{"after": "the crash"}]
    assert again == found
    return found
