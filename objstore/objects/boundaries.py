"""Boundaries: what is left of a history's beginning that was squashed, and what growing on needs to know of it.

A boundary is a commit without parents that nothing but its own ref `squashed/COMMIT/ROOT` names (two ids in 64
hexadecimal digits: the first commit that stays, and the first of its chain). Its metadata say what the commits that
went would have told: the parents of the commit that stays, the chain of jump pointers from it down to the root, and the
commits of the events that no leaf of its event index holds. Ids in lists are joined and written in base64, so a
boundary names no object and keeps none. Bytes: docs/format/squash.md.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.commits import MAX_PARENTS, Commit, Scalar, decode_commit, encode_commit
from objstore.objects.event_index import LEAF
from objstore.objects.jumps import jump_place
from objstore.objects.kinds import Oid

NAMESPACE: Final = "squashed/"
"""Of the refs that point to boundaries. They are no histories."""

_COMMIT, _EVENTS, _JUMPS = "squashed.commit", "squashed.events", "squashed.jumps"
_PARENTS, _PLACE, _TAIL = "squashed.parents", "squashed.place", "squashed.tail"
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REF = re.compile(r"squashed/([0-9a-f]{64})/([0-9a-f]{64})", re.ASCII)
_OID = 32


class Boundary(NamedTuple):
    """Where a history begins since it was squashed, by whom, when (µs since 1970), and why."""

    commit: Oid
    """The first commit that stays. It carries an event."""
    place: int
    """Its place on its chain, at least 1."""
    events: int
    """The events up to and with it: one less were squashed."""
    parents: tuple[Oid, ...]
    """Its parents. They may be absent, and nothing that reaches them through it reaches them."""
    jumps: tuple[Oid, ...]
    """The chain of jump pointers from it: what its own leads to, and so on; the last is the first commit of the chain.

    Jump pointers of later commits that pass over the boundary lead to one of these, so their commits stay, bare: what
    they name may be absent.
    """
    tail: tuple[Oid, ...]
    """The commits of the events before it that no sealed leaf of the event index holds, oldest first."""
    author: str
    time: int
    reason: str

    @property
    def root(self) -> Oid:
        """The first commit of the chain."""
        return self.jumps[-1]

    @property
    def squashed(self) -> int:
        """How many events are gone: those of the numbers (from 0) below this."""
        return self.events - 1


def boundary_ref(commit: Oid, root: Oid) -> str:
    """The name of the ref that says that a history begins at a commit."""
    return f"{NAMESPACE}{commit.hex()}/{root.hex()}"


def bounded_by_ref(name: str) -> tuple[Oid, Oid] | None:
    """The commit, and the root, of which a ref of this name speaks; None: it is no such ref."""
    found = _REF.fullmatch(name)
    return None if found is None else (Oid(bytes.fromhex(found[1])), Oid(bytes.fromhex(found[2])))


def jump_places(place: int) -> list[int]:
    """The places to which the chain of jump pointers from a place leads."""
    found: list[int] = []
    while place:
        place = jump_place(place)
        found.append(place)
    return found


def encode_boundary(boundary: Boundary) -> bytes:
    """The payload of the commit. InvalidValue: a boundary that cannot be."""
    fault = _fault(boundary)
    if fault:
        raise InvalidValue("boundary", fault)
    metadata: dict[str, Scalar] = {
        _COMMIT: boundary.commit.hex(),
        _EVENTS: boundary.events,
        _JUMPS: _joined(boundary.jumps),
        _PARENTS: _joined(boundary.parents),
        _PLACE: boundary.place,
        _TAIL: _joined(boundary.tail),
    }
    return encode_commit(
        Commit(
            parents=(),
            generation=1,
            place=0,
            jump=None,
            author=boundary.author,
            time=boundary.time,
            message=boundary.reason,
            metadata=metadata,
        )
    )


def is_boundary(commit: Commit) -> bool:
    """Whether a commit can only be meant as a boundary."""
    return not commit.parents and _COMMIT in commit.metadata


def decode_boundary(payload: bytes) -> Boundary:
    """The boundary. CorruptObject: not the canonical payload of one."""
    commit = decode_commit(payload)
    of = commit.metadata.get
    first, events, place = of(_COMMIT), of(_EVENTS), of(_PLACE)
    if not isinstance(first, str) or not _HEX.fullmatch(first) or type(events) is not int or type(place) is not int:
        raise CorruptObject(None, "a boundary that does not say which commit stays")
    boundary = Boundary(
        Oid(bytes.fromhex(first)),
        place,
        events,
        _split(of(_PARENTS)),
        _split(of(_JUMPS)),
        _split(of(_TAIL)),
        commit.author,
        commit.time,
        commit.message,
    )
    fault = _fault(boundary)
    if fault or encode_boundary(boundary) != payload:
        raise CorruptObject(None, f"a boundary {fault or 'with more than one may have'}")
    return boundary


def _fault(boundary: Boundary) -> str:
    """What is wrong with a boundary, judged by itself alone."""
    lists = (boundary.commit,), boundary.parents, boundary.jumps, boundary.tail
    if any(len(oid) != _OID for oids in lists for oid in oids):
        return "with an id that has not 32 bytes"
    if not 1 <= boundary.events <= boundary.place + 1 or not 1 <= boundary.place < 1 << 63:
        return "whose events and place do not fit"
    if not 1 <= len({*boundary.parents}) == len(boundary.parents) <= MAX_PARENTS:
        return f"without parents, with more than {MAX_PARENTS}, or with one twice"
    if len(boundary.jumps) != len(jump_places(boundary.place)):
        return "whose jump pointers do not fit its place"
    if len(boundary.tail) != (boundary.events - 1) % LEAF:
        return "whose last events do not fit their number"
    return ""


def _joined(oids: Sequence[Oid]) -> str:
    return b64encode(b"".join(oids)).decode("ascii")


def _split(text: Scalar) -> tuple[Oid, ...]:
    """CorruptObject: no list of ids."""
    try:
        joined = b64decode(text, validate=True) if isinstance(text, str) and text.isascii() else b"?"
    except Base64Error:
        joined = b"?"
    if len(joined) % _OID:
        raise CorruptObject(None, "a boundary with something else where ids should be")
    return tuple(Oid(joined[at : at + _OID]) for at in range(0, len(joined), _OID))
