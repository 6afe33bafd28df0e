"""How a ref here stands to its namesake over there, and whether it may simply move.

Forward is along first parents: a conversation is that chain. A ref that was moved back on purpose (`rewind`, `undo`)
is not behind: what would bring back the commits that it dropped is a divergence. Who was moved back is told by the
ref's own log; of the far side's ref, by the log of its tracking ref.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from objstore.errors import ObjstoreError
from objstore.errors.sync import Divergence
from objstore.objects.commits import Commit
from objstore.objects.jumps import ancestor_at
from objstore.objects.kinds import Oid
from objstore.repository.history import is_on_chain
from objstore.repository.repository import Repository
from objstore.repository.revisions import peel
from objstore.sync.negotiation import meeting

Standing = Literal["new", "same", "forward", "ahead", "rewound here", "rewound there", "diverged"]

_OID = 32


def standing(repo: Repository, name: str, ours: Oid | None, theirs: Oid, tracking: str | None) -> Standing:
    """How `ours`, the ref `name` here (None: absent), stands to `theirs`, whose objects are here too.

    `tracking` is the ref whose log says where the far side's has been (None: unknown). A tag is the same or diverged.
    """
    if ours is None:
        return "new"
    if ours == theirs:
        return "same"
    if name.startswith("tags/"):
        return "diverged"
    here, there = peel(repo, ours), peel(repo, theirs)
    if is_on_chain(repo, here, there):
        return "rewound here" if brings_back(repo, name, here, there) else "forward"
    if is_on_chain(repo, there, here):
        return "rewound there" if tracking and brings_back(repo, tracking, there, here) else "ahead"
    return "diverged"


def brings_back(
    repo: Repository, name: str, head: Oid, further: Oid, commit_of: Callable[[Oid], Commit] | None = None
) -> bool:
    """Whether going on from `head` to its descendant `further` brings back commits that the ref once had and dropped.

    `commit_of` reads the commits up to `further` (the repository, unless they are not in it yet).
    """
    place = repo.commit(head).place
    following = ancestor_at(further, place + 1, commit_of or repo.commit)
    for entry in repo.storage.refs.log(name):
        for value in (entry.new, entry.old):
            if value is not None and len(value) == _OID and _leads_over(repo, Oid(value), following, place + 1):
                return True
    return False


def _leads_over(repo: Repository, value: Oid, oid: Oid, place: int) -> bool:
    try:
        commit = peel(repo, value)
        return repo.commit(commit).place >= place and ancestor_at(commit, place, repo.commit) == oid
    except (ObjstoreError, ValueError):  # what a log alone kept may be gone
        return False


def divergence(repo: Repository, name: str, ours: Oid, theirs: Oid, kind: Standing) -> Divergence:
    """What moved on either side, as a value. Both are here."""
    if name.startswith("tags/"):
        return Divergence(name, "diverged", ours.hex(), theirs.hex())
    here, there = peel(repo, ours), peel(repo, theirs)
    base = meeting(repo, here, there)
    before = 0 if base is None else repo.commit(base).events
    return Divergence(
        name,
        kind if kind in ("rewound here", "rewound there") else "diverged",
        ours.hex(),
        theirs.hex(),
        None if base is None else base.hex(),
        repo.commit(here).events - before,
        repo.commit(there).events - before,
    )
