"""Tombstones: what is left of a redacted event, on record that it was, by whom, when and why.

A tombstone is a commit without parents that nothing but its own ref `redacted/EVENT` names (the event's id in 64
hexadecimal digits): author, time, and the reason as its message. Its metadata are `redacted.event` and
`redacted.commit`, ids in hexadecimal: the event, and the commit that it was met with. It names no object, so it keeps
none. Bytes: docs/format/redaction.md.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.commits import Commit, decode_commit, encode_commit
from objstore.objects.kinds import Oid

NAMESPACE: Final = "redacted/"
"""Of the refs that point to tombstones. They are no histories."""

_EVENT, _COMMIT = "redacted.event", "redacted.commit"
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Tombstone(NamedTuple):
    """That an event was redacted: its id, the commit that it was met with, by whom, when (µs since 1970), and why."""

    event: Oid
    commit: Oid
    author: str
    time: int
    reason: str


def tombstone_ref(event: Oid) -> str:
    """The name of the ref that says whether an event was redacted."""
    return NAMESPACE + event.hex()


def redacted_by_ref(name: str) -> Oid | None:
    """The event that a ref of this name says was redacted; None: it says nothing of the kind."""
    digits = name.removeprefix(NAMESPACE)
    return Oid(bytes.fromhex(digits)) if name.startswith(NAMESPACE) and _HEX.fullmatch(digits) else None


def encode_tombstone(tombstone: Tombstone) -> bytes:
    """The payload of the commit. InvalidValue: a field that no commit can have."""
    if len(tombstone.event) != 32 or len(tombstone.commit) != 32:
        raise InvalidValue("tombstone.event", "or its commit is not an id of 32 bytes")
    return encode_commit(
        Commit(
            parents=(),
            generation=1,
            place=0,
            jump=None,
            author=tombstone.author,
            time=tombstone.time,
            message=tombstone.reason,
            metadata={_COMMIT: tombstone.commit.hex(), _EVENT: tombstone.event.hex()},
        )
    )


def is_tombstone(commit: Commit) -> bool:
    """Whether a commit can only be meant as a tombstone."""
    return not commit.parents and _EVENT in commit.metadata


def decode_tombstone(payload: bytes) -> Tombstone:
    """The tombstone. CorruptObject: not the canonical payload of one."""
    commit = decode_commit(payload)
    ids = [commit.metadata.get(key) for key in (_EVENT, _COMMIT)]
    if not all(isinstance(text, str) and _HEX.fullmatch(text) for text in ids):
        raise CorruptObject(None, "a tombstone that does not say which event was redacted")
    event, met = (Oid(bytes.fromhex(str(text))) for text in ids)
    tombstone = Tombstone(event, met, commit.author, commit.time, commit.message)
    if encode_tombstone(tombstone) != payload:
        raise CorruptObject(None, "a tombstone with more than one may have")
    return tombstone
