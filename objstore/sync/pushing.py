"""Pushing: refs of one's own move forward over there, all or none, with all that they reach and the far side lacks.

A ref that cannot simply move forward is refused with what moved on either side. `force` replaces what is there, but
only what was last seen of it: whoever was faster meanwhile is not overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from objstore.errors import Diverged, RemoteRefused, Rewound, UnknownRevision
from objstore.errors.sync import Divergence
from objstore.objects.kinds import Object, Oid
from objstore.repository.repository import Repository
from objstore.repository.revisions import peel
from objstore.sync.closure import Closure
from objstore.sync.fetching import Near, fetch
from objstore.sync.heads import tag_objects
from objstore.sync.marks import transfer_id
from objstore.sync.negotiation import bases_of, is_under, samples
from objstore.sync.peer import Listing, Peer
from objstore.sync.protocol import At, Move, Outcome
from objstore.sync.receiving import ELSEWHERE, FORBIDDEN, LEFT, MOVED, NO_BASE, REWOUND
from objstore.sync.refspec import find_refs, head_of, is_exact, matches, parse_pattern, tracking_name
from objstore.sync.standing import divergence, standing
from refs.edits import ANY, Note, RefEdit

PushResult = Literal["made", "moved", "replaced", "deleted", "same", "behind"]

_OTHERS = 4096


class PushedRef(NamedTuple):
    """What became of a ref over there: "made", "moved" forward, "replaced" by force, "deleted" (`prune`); it is the
    "same", or ours is "behind" it. `oid` is what it names there now (None: deleted)."""

    name: str
    result: PushResult
    oid: Oid | None


class Pushed(NamedTuple):
    """What a push did: a result for each ref, how many objects were sent, and the round trips."""

    refs: tuple[PushedRef, ...]
    objects: int
    round_trips: int


def push(near: Near, peer: Peer, patterns: Iterable[str], *, force: bool = False, prune: bool = False) -> Pushed:
    """Push the refs that match. `prune` deletes those over there that match and are not here.

    Diverged, Rewound: nothing was moved. UnknownRevision: a name without a star is not here. RemoteFailed,
    RemoteRefused.
    """
    full = [parse_pattern(pattern) for pattern in patterns]
    before = peer.round_trips
    ours = {ref.name: Oid(ref.value) for ref in find_refs(near.repo.storage.refs, full)}
    for pattern in full:
        if is_exact(pattern) and pattern not in ours:
            raise UnknownRevision(pattern, "there is no such ref to push")
    near.told("Asking", 0, 0)
    push_id = transfer_id(ours)
    asks = _asks(near, ours)
    listing = peer.list(full, asks, push_id)
    moves, results = _plan(near, peer, ours, listing, force)
    if prune:
        gone = [ref for name, ref in listing.refs.items() if name not in ours and matches(full, name)]
        moves += [Move(ref.name, ref.oid, None, force=True) for ref in gone]
        results += [PushedRef(ref.name, "deleted", None) for ref in gone]
    if moves:
        _send(near, peer, moves, _common(near.repo, listing, asks, moves), push_id, listing.marks)
    _track(near, results)
    return Pushed(tuple(results), peer.sent, peer.round_trips - before)


def _asks(near: Near, ours: dict[str, Oid]) -> list[At]:
    """What the far side may have: what was last seen of each ref, and for a new one all that was seen of others."""
    refs = near.repo.storage.refs
    found: dict[At, None] = {}
    new = False
    for name, oid in ours.items():
        if name.startswith("tags/"):
            continue
        seen = head_of(refs, tracking_name(near.remote, name))
        new |= seen is None
        for head in (seen, oid if seen is None else None):
            if head is not None:
                found.update((At(name, sample), None) for sample in samples(near.repo, head))
    if new:
        found.update((at, None) for at in _heads(near.repo, tracking_name(near.remote, "")))
    return list(found)


def _heads(repo: Repository, start: str) -> Iterator[At]:
    """The tracked heads of conversations, files and settings, at most 4,096."""
    count = 0
    for ref in repo.storage.refs.find(start):
        name = ref.name.removeprefix(start)
        if "/" in name and not name.startswith("tags/"):
            count += 1
            if count > _OTHERS:
                return
            yield At(name, Oid(ref.value))


def _plan(
    near: Near, peer: Peer, ours: dict[str, Oid], listing: Listing, force: bool
) -> tuple[list[Move], list[PushedRef]]:
    """Which refs move, and what becomes of all. Diverged, Rewound: some may not."""
    moves: list[Move] = []
    results: list[PushedRef] = []
    refused: list[str] = []
    for name, oid in ours.items():
        there = listing.refs.get(name)
        if there is None:
            moves.append(Move(name, None, oid, force=False))
            results.append(PushedRef(name, "made", oid))
            continue
        stands = _stands(near, name, oid, there.oid)
        if stands == "same" or stands == "forward":  # forward: theirs is; ours is behind
            results.append(PushedRef(name, "same" if stands == "same" else "behind", there.oid))
        elif stands == "ahead":
            moves.append(Move(name, there.oid, oid, force=False))
            results.append(PushedRef(name, "moved", oid))
        elif force and head_of(near.repo.storage.refs, tracking_name(near.remote, name)) == there.oid:
            moves.append(Move(name, there.oid, oid, force=True))
            results.append(PushedRef(name, "replaced", oid))
        else:
            refused.append(name)
    if refused:
        _refuse(near, peer, dict.fromkeys(refused, ""))
    return moves, results


def _stands(near: Near, name: str, ours: Oid, theirs: Oid) -> str:
    """How ours stands to theirs, which need not be here."""
    repo = near.repo
    if ours != theirs and not name.startswith("tags/"):
        tracking = tracking_name(near.remote, name)
        seen = head_of(repo.storage.refs, tracking)
        known = is_under(repo, theirs, ours) or (seen is not None and is_under(repo, theirs, seen))
        if not known:
            return "diverged"
        return standing(repo, name, ours, theirs, tracking)
    return "same" if ours == theirs else "diverged"


def _refuse(near: Near, peer: Peer, names: Mapping[str, str]) -> None:
    """Diverged, Rewound: with what moved on either side, which is fetched for it. `names` with the far side's reasons."""
    fetched = fetch(near, peer, names)
    parted: list[Divergence] = []
    for ref in fetched.refs:
        ours = head_of(near.repo.storage.refs, ref.name)
        if ours is not None:
            stands = standing(near.repo, ref.name, ours, ref.oid, tracking_name(near.remote, ref.name))
            if names[ref.name] == REWOUND:  # its log knows more than ours of it
                stands = "rewound there"
            if stands not in ("same", "ahead", "forward"):
                parted.append(divergence(near.repo, ref.name, ours, ref.oid, stands))
    if not parted:  # it moved, and stands where ours can go on from
        raise RemoteRefused(peer.place, ELSEWHERE, f"{next(iter(names))} was moved meanwhile. Push again")
    rewound = all(each.kind != "diverged" for each in parted)
    raise (Rewound if rewound else Diverged)(near.remote, "push", tuple(parted))


def _common(repo: Repository, listing: Listing, asks: Iterable[At], moves: Iterable[Move]) -> list[At]:
    """The commits over there that are here too, under their names there."""
    found = {ask: None for ask in asks if ask in listing.common}
    for move in moves:
        if move.old is None or move.new is None or move.name.startswith("tags/"):
            continue
        if is_under(repo, move.old, move.new):
            found[At(move.name, move.old)] = None
    return list(found)


def _send(near: Near, peer: Peer, moves: list[Move], common: list[At], push_id: bytes, marks: Iterable[Oid]) -> None:
    """Send what the far side lacks, and have the refs moved. Diverged: somebody was faster, or it knows of a rewind."""
    repo = near.repo
    heads: dict[Oid, list[str]] = {}
    tags: list[Oid] = []
    for move in moves:
        if move.new is not None:
            commit = peel(repo, move.new)
            heads.setdefault(commit, []).append(move.name)
            if commit != move.new:
                tags.append(move.new)
    marked = [At("", oid) for oid in marks if any(is_under(repo, oid, head) for head in heads)]
    places = [*common, *marked]
    met = bases_of(repo, heads, [(place.name, place.oid) for place in places])
    used = {places[number] for found in met.values() for number in found.values()}
    outcomes = peer.push(push_id, moves, [place for place in used if place.name], _objects(near, met, tags))
    refused = [outcome for outcome in outcomes if outcome.result != MOVED]
    if refused:
        _explain(near, peer, refused)


def _objects(near: Near, met: dict[Oid, dict[Oid, int]], tags: list[Oid]) -> Iterator[Object]:
    count = 0
    for source in (Closure(near.repo, met, tombstones=True).objects(), tag_objects(near.repo, tags)):
        for obj in source:
            yield obj
            count += 1
            near.told("Sending", count, 0)


def _explain(near: Near, peer: Peer, refused: list[Outcome]) -> None:
    """The error for moves that the far side did not make."""
    for outcome in refused:
        if outcome.result == FORBIDDEN:
            raise RemoteRefused(peer.place, FORBIDDEN, f"{outcome.name} may not be moved so")
        if outcome.result == NO_BASE:
            raise RemoteRefused(peer.place, NO_BASE, "it was rewound in the meantime. Push again")
    names = {outcome.name: outcome.result for outcome in refused if outcome.oid is not None and outcome.result != LEFT}
    if not names:
        raise RemoteRefused(peer.place, refused[0].result, f"{refused[0].name} is gone. Push again")
    _refuse(near, peer, names)


def _track(near: Near, results: Iterable[PushedRef]) -> None:
    """Remember how the far side's refs stand now."""
    repo = near.repo
    edits: list[RefEdit] = []
    for ref in results:
        tracking = tracking_name(near.remote, ref.name)
        if head_of(repo.storage.refs, tracking) != ref.oid:
            edits.append(RefEdit(tracking, ref.oid, ANY))
    if edits:
        repo.storage.apply((), edits, Note(repo.author, f"push {near.remote}", repo.now()))
