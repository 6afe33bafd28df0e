"""How a history grows: new commits on top of a head, with their places, jump pointers and event index.

A `Tip` is a head as a writer knows it. A `Growth` collects the objects of new commits on a tip; nothing is written
until the caller applies them, and a growth that came too late is thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping

from objstore.objects.commits import Commit, Scalar, encode_commit
from objstore.objects.event_index import LEAF, append_leaf, leaves_covered
from objstore.objects.jumps import next_jump
from objstore.objects.kinds import Kind, Object, Oid
from objstore.repository.history import last_events
from objstore.repository.repository import Repository


class Tip:
    """The head of a branch: its commit, and the event commits after the last sealed leaf (None: not yet known).

    `oid` is None for a branch that has no commit yet.
    """

    __slots__ = ("commit", "oid", "unsealed")

    def __init__(
        self, oid: Oid | None = None, commit: Commit | None = None, unsealed: list[Oid] | tuple[()] | None = ()
    ) -> None:
        self.oid = oid
        self.commit = commit
        self.unsealed: list[Oid] | None = list(unsealed) if isinstance(unsealed, tuple) else unsealed


_NOTHING: Mapping[str, Scalar] = {}


class Growth:
    """New commits on top of a tip. For one thread.

    `files` and `settings` are the trees as they stand after what was added so far.
    """

    def __init__(self, repo: Repository, tip: Tip) -> None:
        self._repo = repo
        self._tip = tip
        self._added: list[Oid] = []
        self._sealed = 0  # how many of unsealed + added went into a leaf
        self._fresh: dict[Oid, Commit] = {}  # not stored yet, and too many perhaps for the repository's cache
        self._nodes: dict[Oid, bytes] = {}  # of the event index
        self.objects: list[Object] = []
        self.commits: list[Oid] = []
        self.oid = tip.oid
        self.commit = tip.commit

    @property
    def files(self) -> Oid | None:
        """The root of the files of the newest commit, or None where it has no files."""
        return None if self.commit is None else self.commit.files

    @property
    def settings(self) -> Oid | None:
        """The root of the settings of the newest commit, or None where it has none."""
        return None if self.commit is None else self.commit.settings

    def add(
        self,
        event: Object | None = None,
        *,
        files: Oid | None,
        settings: Oid | None,
        time: int,
        author: str | None = None,
        message: str = "",
        metadata: Mapping[str, Scalar] = _NOTHING,
        others: tuple[Oid, ...] = (),
        event_oid: Oid | None = None,
    ) -> Oid:
        """Add one commit, with at most one event (an object, or the id of one that is stored); its oid.

        `files` and `settings` are the trees of the new commit; `others` are parents beside the first.
        """
        if event is not None:
            self.objects.append(event)
            event_oid = event.oid
        repo = self._repo
        parents, generation, place, jump = self._chain(others)
        parent = self.commit
        events, index = (0, None) if parent is None else (parent.events, parent.index)
        if event_oid is not None:
            events += 1
            if leaves_covered(events) != leaves_covered(events - 1):
                index = self._seal(index, leaves_covered(events - 1))
        who = repo.author if author is None else author
        # By position: with keywords a batch of events spends twice the time here.
        commit = Commit(
            parents, generation, place, jump, who, time, message, metadata, event_oid, events, index, files, settings
        )
        obj = repo.hasher.object(Kind.COMMIT, encode_commit(commit))
        self._fresh[obj.oid] = commit
        self.objects.append(obj)
        self.commits.append(obj.oid)
        self.oid, self.commit = obj.oid, commit
        if event_oid is not None:
            self._added.append(obj.oid)
        return obj.oid

    def _chain(self, others: tuple[Oid, ...]) -> tuple[tuple[Oid, ...], int, int, Oid | None]:
        """Parents, generation, place and jump of a commit on the newest one, with `others` as further parents."""
        oid, parent = self.oid, self.commit
        if parent is None or oid is None:
            if others:
                raise ValueError("a first commit has no other parents")
            return (), 1, 0, None
        generation = parent.generation
        if others:
            generation = max(generation, *(self._commit(other).generation for other in others))
        return (oid, *others), generation + 1, parent.place + 1, next_jump(oid, parent, self._commit)

    def settle(self) -> Tip:
        """The tip after this growth has been applied. The tip that it grew on must not be used again."""
        self._repo.remember({oid: self._fresh[oid] for oid in self.commits[-LEAF:]})
        unsealed = self._tip.unsealed
        if unsealed is not None:
            unsealed.extend(self._added)
            del unsealed[: self._sealed]
        return Tip(self.oid, self.commit, unsealed)

    def _commit(self, oid: Oid) -> Commit:
        return self._fresh.get(oid) or self._repo.commit(oid)

    def _seal(self, root: Oid | None, leaves: int) -> Oid:
        if self._tip.unsealed is None:
            self._tip.unsealed = self._find_unsealed()
        unsealed, start = self._tip.unsealed, self._sealed
        leaf = unsealed[start : start + LEAF]
        first = max(0, start - len(unsealed))
        leaf += self._added[first : first + LEAF - len(leaf)]
        self._sealed += LEAF

        def read(oid: Oid) -> bytes:
            payload = self._nodes.get(oid)
            return self._repo.read_index(oid) if payload is None else payload

        new_root, nodes = append_leaf(root, leaves, leaf, read, self._repo.hasher)
        self.objects.extend(nodes)
        self._nodes.update((node.oid, node.payload) for node in nodes)
        return new_root

    def _find_unsealed(self) -> list[Oid]:
        """The event commits of the tip that no sealed leaf holds, oldest first, by walking back."""
        oid, commit = self._tip.oid, self._tip.commit
        if commit is None or oid is None:
            return []
        wanted = commit.events - LEAF * leaves_covered(commit.events)
        return last_events(self._repo.commit, self._repo.boundaries.find, oid, wanted)
