"""What these tests share: stores with a bit of everything in them, and all that can be told of a conversation."""

from __future__ import annotations

import random
from collections.abc import Iterable

import objstore


def fill(store: objstore.Store, name: str, draw: random.Random, steps: int = 30) -> None:
    """Take some random steps in a conversation."""
    conv = store.conversations.open(name, create=True)
    for step in range(steps):
        what = draw.randrange(6)
        if what < 2:
            conv.append({"step": step, "text": "word " * draw.randrange(50)})
        elif what == 2:
            conv.append_many(range(draw.choice([2, 1100])))
        elif what == 3:
            conv.files.write(f"{draw.randrange(20)}/f", draw.randbytes(draw.choice([10, 300_000])))
        elif what == 4:
            conv.settings.set(f"k{draw.randrange(5)}", step)
        else:
            conv.metadata.set("title", f"{name} {step}")


def told(store: objstore.Store, name: str) -> tuple[object, ...]:
    """Everything that a reader can see of a conversation."""
    conv = store.conversations.open(name)
    files = {info.path: conv.files.read(info.path) for info in conv.files.find()}
    return conv.head, list(conv), files, conv.settings.values(), conv.metadata.values(), [c.oid for c in conv.log()]


def results(refs: Iterable[object]) -> dict[str, str]:
    """What became of refs, by name."""
    return {getattr(ref, "name"): getattr(ref, "result") for ref in refs}  # noqa: B009 - of several classes


def heads(store: objstore.Store) -> dict[str, str]:
    """The public refs of a store."""
    return {
        ref.name: ref.value.hex() for ref in store.refs.find() if not ref.name.startswith(("remotes/", "incoming/"))
    }


def assert_sound(*stores: objstore.Store) -> None:
    """Nothing is damaged, and no transfer left a mark."""
    for store in stores:
        assert list(store.check()) == []
        assert list(store.refs.find("incoming/")) == []
