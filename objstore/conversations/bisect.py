"""Finding the event that broke something: binary search along a conversation for the first moment that is bad.

The moments are the commits of the first-parent chain between one that is good and one that is bad, reached by jumps. A
moment that cannot be judged is passed over for its nearest neighbour; if only such moments are left, the answer is a
range. Assumes, as every bisection does, that it is good up to one moment and bad from there on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from objstore.conversations.view import ConversationView
from objstore.errors import CannotBisect
from objstore.objects.jumps import ancestor_at
from objstore.objects.kinds import Oid
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.history import is_on_chain
from objstore.repository.repository import Repository

Predicate = Callable[[ConversationView], bool | None]
"""Whether a moment is good (True) or bad (False); None: it cannot be judged."""


class Bisected(NamedTuple):
    """What was found.

    `first_bad` is the first moment known to be bad; its event, if it has one, is number `first_bad.events - 1`. Where
    moments just before it could not be judged, any of the `candidates` (oldest first, `first_bad` the last) may be the
    one that broke it. `last_good` is the newest moment known to be good, `tested` how many were judged or passed over.
    """

    first_bad: CommitInfo
    candidates: tuple[CommitInfo, ...]
    last_good: CommitInfo
    tested: int


class Bisection:
    """One search. For one thread."""

    def __init__(self, repo: Repository, name: str, predicate: Predicate) -> None:
        self._repo = repo
        self._name = name
        self._predicate = predicate
        self._tested = 0

    def search(self, good: Oid, bad: Oid) -> Bisected:
        """Search after `good` up to `bad`. CannotBisect: one is not before the other, or not what it is said to be."""
        repo = self._repo
        if good == bad or not is_on_chain(repo, good, bad):
            raise CannotBisect(self._name, "the good moment is not before the bad one")
        for oid, expected in ((good, True), (bad, False)):
            if self._judge(oid) is not expected:
                word = "good" if expected else "bad"
                raise CannotBisect(self._name, f"the moment #{repo.commit(oid).events} that should be {word} is not")
        low, high = repo.commit(good).place, repo.commit(bad).place
        passed: set[int] = set()
        while (place := _middle(low, high, passed)) is not None:
            verdict = self._judge(ancestor_at(bad, place, repo.commit))
            if verdict is None:
                passed.add(place)
            elif verdict:
                low = place
            else:
                high = place
        found = [self._info(bad, place) for place in range(low, high + 1)]
        return Bisected(found[-1], tuple(found[1:]), found[0], self._tested)

    def _judge(self, oid: Oid) -> bool | None:
        self._tested += 1
        return self._predicate(ConversationView(self._repo, oid))

    def _info(self, head: Oid, place: int) -> CommitInfo:
        oid = ancestor_at(head, place, self._repo.commit)
        return commit_info(oid, self._repo.commit(oid))


def _middle(low: int, high: int, passed: set[int]) -> int | None:
    """The place nearest to the middle strictly between the two that was not passed over, or None."""
    middle = (low + high) // 2
    for distance in range(high - low):
        for place in (middle - distance, middle + distance):
            if low < place < high and place not in passed:
                return place
    return None
