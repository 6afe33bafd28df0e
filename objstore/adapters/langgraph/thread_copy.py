"""The index of a thread and its newest values in bytes, so that a new process need not read the thread's whole history.

It is a copy (index/copies.py): the events are the truth, and `last`, the commit of the last event that was taken in,
tells whether they are still those that it was made from, since an id covers everything before it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import ormsgpack

from objstore.adapters.langgraph.channels import Known
from objstore.adapters.langgraph.raw import Raw

_VERSION = 1

Saved: TypeAlias = tuple[int, "str | None", "str | None"]
Latest: TypeAlias = dict[str, tuple[int, dict[str, Known]]]


class ThreadCopy(NamedTuple):
    """What a thread knew when it had taken in so many events, the last of them in commit `last`."""

    events: int
    last: bytes
    saved: list[tuple[str, str, list[Saved]]]
    writes: list[tuple[str, str, list[int]]]
    latest: Latest


def encode_copy(copy: ThreadCopy) -> bytes:
    """The bytes of a copy."""
    latest = [
        (ns, number, [(channel, known.origin, known.number, _packed(known.raw)) for channel, known in channels.items()])
        for ns, (number, channels) in copy.latest.items()
    ]
    return ormsgpack.packb((_VERSION, copy.events, copy.last, copy.saved, copy.writes, latest))


def decode_copy(data: bytes) -> ThreadCopy | None:
    """The copy of bytes that `encode_copy` made; None if they are of another version, or no such bytes."""
    try:
        version, events, last, saved, writes, latest = ormsgpack.unpackb(data)
        if version != _VERSION:
            return None
        return ThreadCopy(
            events,
            last,
            [(ns, each, [(number, parent, run) for number, parent, run in rows]) for ns, each, rows in saved],
            [(ns, each, numbers) for ns, each, numbers in writes],
            {
                ns: (number, {name: Known(origin, at, _unpacked(raw)) for name, origin, at, raw in channels})
                for ns, number, channels in latest
            },
        )
    except (ValueError, TypeError):
        return None


def _packed(raw: Raw) -> tuple[object, object]:
    """A value as its type and bytes; a list as one type for all or each one's, and the bytes of each."""
    if not isinstance(raw, list):
        return raw
    kinds = [kind for kind, _ in raw]
    one = kinds[0] if kinds and kinds.count(kinds[0]) == len(kinds) else kinds
    return one, [data for _, data in raw]


def _unpacked(packed: Any) -> Raw:
    kind, data = packed
    if isinstance(data, bytes):
        return kind, data
    if isinstance(kind, str):
        return [(kind, item) for item in data]
    return list(zip(kind, data, strict=True))
