"""Fetching: the far side's heads come over with all that they reach, and are tracked under `remotes/NAME/`.

No ref of one's own moves. If nothing is new that is known after one round trip, and nothing is written; else the
second one brings what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject, RemoteRefused, UnknownRevision
from objstore.objects.kinds import Object, Oid
from objstore.repository.repository import Repository
from objstore.repository.revisions import peel
from objstore.sync.arrival import LIMITS, Arrival, Limits, TooMuch
from objstore.sync.commit_check import CheckPath, CommitCheck
from objstore.sync.marks import Marks, sweep, transfer_id
from objstore.sync.negotiation import is_under, samples
from objstore.sync.peer import Listing, Peer
from objstore.sync.protocol import At, Base, RefState
from objstore.sync.refspec import CONFIG, head_of, is_exact, parse_pattern, tracking_name
from objstore.sync.telling import Told, quiet
from refs.edits import ANY, Note, RefEdit

_OTHERS = 4096  # tracked heads of other names that are offered as common ground


class FetchedRef(NamedTuple):
    """A ref of the far side: what it is now, what it was when last seen (None: never), its number of steps there."""

    name: str
    oid: Oid
    before: Oid | None
    sequence: int


class Fetched(NamedTuple):
    """What a fetch found (`refs`), what the far side has no more (`gone`), and what came."""

    refs: tuple[FetchedRef, ...]
    gone: tuple[str, ...]
    objects: int
    added: int
    round_trips: int


class Near(NamedTuple):
    """The near side of a transfer: a repository, the name of the remote, and how what comes is judged."""

    repo: Repository
    remote: str
    check_path: CheckPath
    limits: Limits = LIMITS
    told: Told = quiet


def fetch(near: Near, peer: Peer, patterns: Iterable[str], *, prune: bool = False) -> Fetched:
    """Bring over what is new under these patterns. `prune` forgets tracked refs that the far side has no more.

    UnknownRevision: a name without a star is not there. RemoteFailed, RemoteRefused; CorruptObject: what came is not
    sound. Tried again it goes on where it ended.
    """
    full = [parse_pattern(pattern) for pattern in patterns]
    near.told("Asking", 0, 0)
    before = peer.round_trips
    listing = peer.list(full)
    for pattern in full:
        if is_exact(pattern) and pattern not in listing.refs:
            raise UnknownRevision(pattern, f"{near.remote} has no such ref")
    tracked = _tracked(near, full)
    found = tuple(FetchedRef(ref.name, ref.oid, tracked.get(ref.name), ref.sequence) for ref in listing.refs.values())
    wants = [At(ref.name, ref.oid) for ref in found if ref.oid != ref.before and not _is_here(near.repo, ref)]
    gone = tuple(sorted(tracked.keys() - listing.refs.keys()))
    edits = [_track(near, ref) for ref in found if ref.oid != ref.before]
    edits += [RefEdit(tracking_name(near.remote, name), None, ANY) for name in gone if prune]
    arrival = None
    if wants:
        arrival = _bring(near, peer, wants, _haves(near, listing, wants), edits)
    elif edits:
        near.repo.storage.apply((), edits, _note(near))
    objects, added = (arrival.objects, arrival.added) if arrival else (0, 0)
    return Fetched(found, gone, objects, added, peer.round_trips - before)


def _bring(near: Near, peer: Peer, wants: Sequence[At], haves: Sequence[At], edits: Sequence[RefEdit]) -> Arrival:
    """Bring over what is wanted, and make the edits with it."""
    repo = near.repo
    sweep(repo)
    marks = Marks(repo, f"fetch {near.remote}", transfer_id(want.name for want in wants))
    haves = [*haves, *(At("", oid) for oid in sorted(marks.oids))]
    bases, objects = peer.fetch(wants, haves)
    arrival = Arrival(repo, _checked(repo, bases, haves), marks, near.limits, CommitCheck(repo.hasher, near.check_path))
    try:
        for obj in _counted(objects, near):
            arrival.take(obj)
        arrival.check_segment()
        for want in wants:
            arrival.commit_behind(want.oid, is_tag=want.name.startswith("tags/"))
        arrival.finish([want.oid for want in wants], edits, _note(near))
    except TooMuch:
        raise RemoteRefused(peer.place, "limit", "it sent more than this store takes in one transfer") from None
    return arrival


def _counted(objects: Iterator[Object], near: Near) -> Iterator[Object]:
    for number, obj in enumerate(objects, 1):
        yield obj
        near.told("Receiving", number, 0)


def _checked(repo: Repository, bases: Iterable[Base], haves: Sequence[At]) -> Iterator[Oid]:
    """The commits that the far side builds on. CorruptObject: one that it was not offered."""
    for base in bases:
        if base.have >= len(haves) or not is_under(repo, base.oid, haves[base.have].oid):
            raise CorruptObject(base.oid, "an answer that builds on what it was not offered")
        yield base.oid


def _tracked(near: Near, patterns: Iterable[str]) -> dict[str, Oid]:
    """What is tracked under these patterns, by the far side's names."""
    start = tracking_name(near.remote, "")
    found: dict[str, Oid] = {}
    for pattern in patterns:
        stem = pattern.removesuffix("*")
        for ref in near.repo.storage.refs.find(start + stem):
            name = ref.name.removeprefix(start)
            if name != CONFIG and (pattern.endswith("*") or name == stem):
                found[name] = Oid(ref.value)
    return found


def _is_here(repo: Repository, ref: FetchedRef) -> bool:
    """Whether a head of the far side is under the ref of the same name here, so that nothing has to come."""
    own = head_of(repo.storage.refs, ref.name)
    if own is None:
        return False
    return own == ref.oid or (not ref.name.startswith("tags/") and is_under(repo, ref.oid, own))


def _haves(near: Near, listing: Listing, wants: Sequence[At]) -> list[At]:
    """What the far side may build on: of each wanted ref samples of what is here, and the heads that are here whole."""
    repo = near.repo
    refs = repo.storage.refs
    found: dict[At, None] = {}
    wanted = {want.name for want in wants}
    for name in wanted:
        for own in (head_of(refs, tracking_name(near.remote, name)), head_of(refs, name)):
            if own is not None and not name.startswith("tags/"):
                found.update((At(name, oid), None) for oid in samples(repo, own))
    start = tracking_name(near.remote, "")
    for count, ref in enumerate(refs.find(start)):
        name = ref.name.removeprefix(start)
        if count >= _OTHERS:
            break
        if name not in wanted and name != CONFIG:
            try:
                found[At(name, peel(repo, Oid(ref.value)))] = None
            except (UnknownRevision, MissingObject):
                continue
    for ref in listing.refs.values():
        if ref.name not in wanted and _is_known(repo, ref):
            found[At(ref.name, peel(repo, ref.oid))] = None
    return list(found)


def _is_known(repo: Repository, ref: RefState) -> bool:
    return head_of(repo.storage.refs, ref.name) == ref.oid


def _track(near: Near, ref: FetchedRef) -> RefEdit:
    return RefEdit(tracking_name(near.remote, ref.name), ref.oid, ANY)


def _note(near: Near) -> Note:
    return Note(near.repo.author, f"fetch {near.remote}", near.repo.now())
