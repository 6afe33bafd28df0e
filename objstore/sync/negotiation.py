"""What two histories have in common, found in few hops: along first parents, by jump pointers.

Merged histories are met through first parents alone. What lies behind a second parent and is there already may be sent
again, which is harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from objstore.errors import MissingObject, SquashedHistory
from objstore.objects.jumps import ancestor_at
from objstore.objects.kinds import Oid
from objstore.repository.diff import common_chain
from objstore.repository.history import first_commit, is_on_chain
from objstore.repository.repository import Repository


def meeting(repo: Repository, one: Oid, other: Oid) -> Oid | None:
    """The newest commit that two first-parent chains share, or None. O(log n) reads."""
    try:
        return common_chain(repo, one, other)
    except SquashedHistory:  # They parted where one was squashed: nothing that is here is known to be common.
        return None


def samples(repo: Repository, head: Oid) -> Iterator[Oid]:
    """A commit, and those 1, 2, 4, 8, … places before it, to where its chain begins: one of them is at most twice as far back as the
    newest that somebody else has."""
    first = first_commit(repo, head)
    place = repo.commit(head).place
    yield head
    back = 1
    while back < place - repo.commit(first).place:
        yield ancestor_at(head, place - back, repo.commit)
        back *= 2
    if first != head:
        yield first


def bases_of(
    repo: Repository, heads: Mapping[Oid, Iterable[str]], haves: Sequence[tuple[str, Oid]]
) -> dict[Oid, dict[Oid, int]]:
    """For each head the commits at which it meets the haves, with the number of such a have.

    `heads` come with their names, haves with theirs: a have of the same name that is an ancestor is all that counts.
    """
    roots: dict[Oid, list[int]] = {}
    named: dict[str, list[int]] = {}
    for number, (name, oid) in enumerate(haves):
        roots.setdefault(ancestor_at(oid, 0, repo.commit), []).append(number)
        named.setdefault(name, []).append(number)
    found: dict[Oid, dict[Oid, int]] = {}
    for head, names in heads.items():
        own = (number for name in names for number in named.get(name, ()))
        near = next((number for number in own if is_on_chain(repo, haves[number][1], head)), None)
        if near is not None:
            found[head] = {haves[near][1]: near}
            continue
        met = found[head] = {}
        for number in roots.get(ancestor_at(head, 0, repo.commit), ()):
            common = meeting(repo, haves[number][1], head)
            if common is not None:
                met.setdefault(common, number)
    return {head: newest(repo, met) for head, met in found.items()}


def newest(repo: Repository, met: Mapping[Oid, int]) -> dict[Oid, int]:
    """Of commits on one chain the newest."""
    if len(met) < 2:
        return dict(met)
    best = max(met, key=lambda oid: repo.commit(oid).place)
    return {best: met[best]}


def is_under(repo: Repository, oid: Oid, head: Oid) -> bool:
    """Whether a commit, which may not be here at all, lies on the first-parent chain of a head."""
    try:
        return is_on_chain(repo, oid, head)
    except MissingObject:
        return False
