"""Which commit wrote each line of a file.

The walk goes from the newest commit to those before it and stops at the first moment at which every line is accounted
for. Where a commit's files are its parent's, nothing is read but the commit; lines are compared only at commits that
changed this file. A line is followed through renames and through both sides of a merge.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

from objstore.errors import InvalidPath, UnknownPath
from objstore.files.lines import common_runs
from objstore.files.renames import find_renames
from objstore.files.text import text_lines
from objstore.objects.blobs import read_blob
from objstore.objects.commits import Commit
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry, get
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.diff import diff_trees
from objstore.repository.repository import Repository


class BlamedLine(NamedTuple):
    """One line: its number (from 1), its text without the newline, the commit that wrote it, and the path that the file
    had there. The event that came with it is the commit's: event number `commit.events`, if `commit.event` is not None."""

    number: int
    text: str
    commit: CommitInfo
    path: str


class _Suspect(NamedTuple):
    """A commit and a path in it, that may have written lines: (number in the blamed file, number here), from 0."""

    oid: Oid
    commit: Commit
    path: str
    entry: Entry
    lines: list[tuple[int, int]]


def blame(repo: Repository, head: Oid, path: str) -> list[BlamedLine]:
    """The lines of a file at a commit with who wrote them. UnknownPath; InvalidPath: it is no text."""
    commit = repo.commit(head)
    entry = _entry(repo, commit, path)
    if entry is None:
        raise UnknownPath(path)
    texts = _text(repo, entry)
    if texts is None:
        raise InvalidPath(path, "it is a binary, which has no lines")
    walk = _Walk(repo)
    walk.suspect(_Suspect(head, commit, path, entry, [(number, number) for number in range(len(texts))]))
    walk.run()
    return [
        BlamedLine(number + 1, text.removesuffix("\n"), commit_info(*walk.guilty[number][:2]), walk.guilty[number][2])
        for number, text in enumerate(texts)
    ]


class _Walk:
    """A blame at work: suspects by generation, the newest first, so that each is asked once all its children were."""

    def __init__(self, repo: Repository) -> None:
        self.guilty: dict[int, tuple[Oid, Commit, str]] = {}
        self._repo = repo
        self._queue: list[tuple[int, Oid, str]] = []
        self._suspects: dict[tuple[Oid, str], _Suspect] = {}

    def suspect(self, suspect: _Suspect) -> None:
        """Ask a commit later."""
        if not suspect.lines:
            return
        known = self._suspects.get((suspect.oid, suspect.path))
        if known is None:
            self._suspects[suspect.oid, suspect.path] = suspect
            heapq.heappush(self._queue, (-suspect.commit.generation, suspect.oid, suspect.path))
        else:
            known.lines.extend(suspect.lines)

    def run(self) -> None:
        """Ask all."""
        while self._queue:
            _, oid, path = heapq.heappop(self._queue)
            self._ask(self._suspects.pop((oid, path)))

    def _ask(self, suspect: _Suspect) -> None:
        oid, commit = self._back(suspect)
        left = suspect.lines
        for parent in commit.parents:
            if not left:
                return
            older = self._repo.commit(parent)
            origin = self._origin(commit, older, suspect)
            if origin is not None:
                path, entry = origin
                passed, left = self._pass_on(suspect.entry, entry, left)
                self.suspect(_Suspect(parent, older, path, entry, passed))
        for number, _ in left:
            self.guilty[number] = (oid, commit, suspect.path)

    def _back(self, suspect: _Suspect) -> tuple[Oid, Commit]:
        """The oldest commit down the chain with the very same files; below a merge nothing is passed over."""
        oid, commit = suspect.oid, suspect.commit
        floor = -self._queue[0][0] if self._queue else 0
        while len(commit.parents) == 1:
            parent = self._repo.commit(commit.parents[0])
            if parent.files != commit.files or parent.generation <= floor:
                break
            oid, commit = commit.parents[0], parent
        return oid, commit

    def _origin(self, commit: Commit, older: Commit, suspect: _Suspect) -> tuple[str, Entry] | None:
        """Where the file was in an older commit: at its path, or renamed from another."""
        if older.files == commit.files:
            return suspect.path, suspect.entry
        entry = _entry(self._repo, older, suspect.path)
        if entry is not None:
            return suspect.path, entry
        changes = list(diff_trees(self._repo, older.files, commit.files))
        for rename in find_renames(changes, lambda oid: read_blob(oid, self._repo.storage.read)):
            if rename.came.key == suspect.path.encode() and rename.gone.old is not None:
                return rename.gone.key.decode(), rename.gone.old
        return None

    def _pass_on(
        self, entry: Entry, older: Entry, lines: list[tuple[int, int]]
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """The lines that an older version has, with their numbers there, and those that it has not."""
        if entry.oid == older.oid:
            return lines, []
        old, new = _text(self._repo, older), _text(self._repo, entry)
        if old is None or new is None:
            return [], lines
        place: dict[int, int] = {}
        for run in common_runs(old, new):
            place.update((run.new + number, run.old + number) for number in range(run.length))
        passed = [(number, place[here]) for number, here in lines if here in place]
        return passed, [line for line in lines if line[1] not in place]


def _entry(repo: Repository, commit: Commit, path: str) -> Entry | None:
    return None if commit.files is None else get(commit.files, path.encode(), repo.nodes)


def _text(repo: Repository, entry: Entry) -> list[str] | None:
    return text_lines(read_blob(entry.oid, repo.storage.read))
