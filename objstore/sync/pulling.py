"""Pulling: a fetch, and the refs of one's own that may simply move forward do. The others are for the caller to decide.

refuse    Diverged (or Rewound): no ref of one's own is moved
fork      theirs becomes a ref of its own beside ours, named after its commit
theirs    the ref is moved to theirs; `undo` brings ours back
ours      the ref is left where it is
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from objstore.errors import Diverged, RefConflict, Rewound
from objstore.errors.sync import Divergence
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository
from objstore.sync.fetching import Fetched, FetchedRef, Near, fetch
from objstore.sync.peer import Peer
from objstore.sync.refspec import head_of, is_exact, parse_pattern, tracking_name
from objstore.sync.standing import divergence, standing
from refs.edits import ABSENT, Note, RefEdit

OnDiverged = Literal["refuse", "fork", "theirs", "ours"]
PullResult = Literal["made", "moved", "same", "ahead", "forked", "taken", "kept", "deleted"]

_PATIENCE = 16


class PulledRef(NamedTuple):
    """What became of a ref: it was "made", "moved" forward, the "same", or "ahead" of the far side; of one that
    diverged, theirs was "forked" to another name, was "taken", or ours was "kept". "deleted": it was taken away here,
    and was not asked for by name. `name` is its name here, `divergence` says what moved on either side."""

    name: str
    result: PullResult
    oid: Oid
    divergence: Divergence | None = None


class Pulled(NamedTuple):
    """What a pull did: a result for each ref, and the fetch before it."""

    refs: tuple[PulledRef, ...]
    fetched: Fetched


def pull(
    near: Near, peer: Peer, patterns: Iterable[str], on_diverged: OnDiverged = "refuse", *, prune: bool = False
) -> Pulled:
    """Fetch, and move the refs here. Errors as `fetch`; Diverged, Rewound: what was fetched is tracked, and no ref moved."""
    patterns = [parse_pattern(pattern) for pattern in patterns]
    fetched = fetch(near, peer, patterns, prune=prune)
    named = {pattern for pattern in patterns if is_exact(pattern)}
    for attempt in range(_PATIENCE):
        decided = [_decide(near, ref, on_diverged, ref.name in named) for ref in fetched.refs]
        _check(near, [pulled for pulled, _ in decided], on_diverged)
        edits = [edit for _, edit in decided if edit is not None]
        try:
            if edits:
                repo = near.repo
                repo.storage.apply((), edits, Note(repo.author, f"pull {near.remote}", repo.now()))
        except RefConflict:  # somebody writes here: look again
            if attempt + 1 == _PATIENCE:
                raise
            continue
        return Pulled(tuple(pulled for pulled, _ in decided), fetched)
    raise AssertionError("the last attempt returns or raises")


def _decide(near: Near, ref: FetchedRef, on_diverged: OnDiverged, named: bool) -> tuple[PulledRef, RefEdit | None]:
    """What becomes of one ref, and the edit for it."""
    repo, name, theirs = near.repo, ref.name, ref.oid
    ours = head_of(repo.storage.refs, name)
    stands = standing(repo, name, ours, theirs, tracking_name(near.remote, name))
    if stands == "new" or ours is None:
        if not named and _was_here(repo, name, theirs):
            return PulledRef(name, "deleted", theirs), None
        return PulledRef(name, "made", theirs), RefEdit(name, theirs, ABSENT)
    if stands == "same" or stands == "ahead":
        return PulledRef(name, stands, ours), None
    if stands == "forward":
        return PulledRef(name, "moved", theirs), RefEdit(name, theirs, ours)
    parted = divergence(repo, name, ours, theirs, stands)
    if on_diverged == "theirs":
        return PulledRef(name, "taken", theirs, parted), RefEdit(name, theirs, ours)
    if on_diverged == "fork":
        return _fork(repo, name, theirs, parted)
    return PulledRef(name, "kept", ours, parted), None


def _fork(repo: Repository, name: str, theirs: Oid, parted: Divergence) -> tuple[PulledRef, RefEdit | None]:
    beside = f"{name}-{theirs.hex()[:8]}"
    there = head_of(repo.storage.refs, beside)
    forked = PulledRef(beside, "forked", theirs, parted)
    return forked, None if there is not None else RefEdit(beside, theirs, ABSENT)


def _was_here(repo: Repository, name: str, theirs: Oid) -> bool:
    """Whether a ref that is absent was deleted here when it was what the far side still has."""
    newest = next(iter(repo.storage.refs.log(name)), None)
    return newest is not None and newest.new is None and newest.old == theirs


def _check(near: Near, refs: Iterable[PulledRef], on_diverged: OnDiverged) -> None:
    parted = tuple(ref.divergence for ref in refs if ref.divergence is not None)
    if parted and on_diverged == "refuse":
        rewound = all(each.kind != "diverged" for each in parted)
        raise (Rewound if rewound else Diverged)(near.remote, "pull", parted)
