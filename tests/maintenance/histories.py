"""What these tests share: random histories of every kind of ref, and reachability walked the plain way by decoders."""

from __future__ import annotations

import random
from collections.abc import Iterable

import objstore
from objstore.errors import NothingToUndo
from objstore.objects.chunk_list import decode_chunk_list
from objstore.objects.commits import decode_commit
from objstore.objects.event_index import node_children
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.tags import decode_tag
from objstore.objects.trees.node import decode_node
from objstore.storage.protocol import Storage
from objstore.store import Store


def names_of(obj: Object) -> list[Oid]:
    """What an object names, by the decoder of its kind."""
    if obj.kind is Kind.COMMIT:
        commit = decode_commit(obj.payload)
        ids = (*commit.parents, commit.jump, commit.event, commit.index, commit.files, commit.settings)
        return [oid for oid in ids if oid is not None]
    if obj.kind is Kind.TREE:
        return list(decode_node(obj.payload).oids)
    if obj.kind is Kind.INDEX:
        return node_children(obj.payload)[1]
    if obj.kind is Kind.CHUNKS:
        return [oid for oid, _ in decode_chunk_list(obj.payload).pieces()]
    return [decode_tag(obj.payload).target] if obj.kind is Kind.TAG else []


def reach(storage: Storage, roots: Iterable[bytes]) -> set[Oid]:
    """Everything that the roots reach, the plain way."""
    found: set[Oid] = set()
    waiting = [Oid(root) for root in roots]
    while waiting:
        oid = waiting.pop()
        if oid not in found:
            found.add(oid)
            waiting.extend(names_of(storage.read(oid)))
    return found


def log_values(store: Store) -> set[bytes]:
    """Every value that refs have or had."""
    entries = [entry for operation in store.operations() for entry in operation.entries]
    return {value for entry in entries for value in (entry.old, entry.new) if value is not None}


def everything(store: Store) -> set[Oid]:
    """The ids of all objects of a store."""
    return {oid for oid, _, _ in store.storage.objects()}


def text(draw: random.Random, size: int = 200) -> str:
    """Some text that compresses a little."""
    return " ".join(f"{draw.getrandbits(20):x}" for _ in range(draw.randrange(1, size)))


def step(store: Store, draw: random.Random) -> None:
    """Do one random thing that an agent does."""
    names = [info.name for info in store.conversations.find()]
    conversation = store.conversations.open(draw.choice([*names, f"c{len(names)}"]), create=True)
    choice = draw.randrange(12)
    if choice < 4:
        conversation.append_many([{"role": "user", "content": text(draw)} for _ in range(draw.randrange(1, 40))])
    elif choice < 6:
        with conversation.commit("files") as draft:
            draft.append(text(draw))
            for _ in range(draw.randrange(1, 6)):
                size = draw.choice((10, 300, 150_000))
                draft.files.write(f"d{draw.randrange(3)}/f{draw.randrange(9)}", draw.randbytes(size))
            draft.settings.set("llm.model", text(draw, 5))
    elif choice == 6:
        conversation.rewind(draw.randrange(len(conversation) + 1))
    elif choice == 7:
        at = draw.randrange(len(conversation) + 1) if len(conversation) else None
        conversation.fork(f"f{draw.getrandbits(40):x}", at=at)
    elif choice == 8 and len(names) > 1:
        store.conversations.delete(names[0])
    elif choice == 9 and names:
        store.tags.create(f"t{draw.getrandbits(40):x}", conversation.name)
    elif choice == 10:
        try:
            conversation.undo()
        except NothingToUndo:
            pass
    else:
        store.files.open("ws", create=True).write(f"w{draw.randrange(5)}", draw.randbytes(2000))


def history(place: str, seed: int, steps: int) -> Store:
    """A store after so many random steps."""
    draw = random.Random(seed)
    store = objstore.open(place, create=True)
    for _ in range(steps):
        step(store, draw)
    return store
