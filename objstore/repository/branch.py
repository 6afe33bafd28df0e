"""A ref with a history: the one place where heads move.

Every change follows one pattern: read the tip, build a `Growth` on it, apply objects and the ref edit together, expecting
the ref as it was read. When somebody was faster the change is built anew on the new head, in the writers' turn, unless
the caller pinned the head. `conversations`, `files` and `settings` are all made of branches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from objstore.errors import MovedHead, ObjstoreError, RefConflict
from objstore.objects.kinds import Oid
from objstore.repository import undo
from objstore.repository.growth import Growth, Tip
from objstore.repository.guard import Guard
from objstore.repository.repository import Repository
from objstore.storage.protocol import Stage
from refs.edits import ABSENT, Note, RefEdit
from refs.protocol import LogEntry

Build = Callable[[Growth], None]
_PATIENCE = 64


class Branch:
    """One ref and the commits behind it. Safe between threads; the same ref may be open many times.

    `name` is the full ref name. `seen` is the head that this branch last read or made: `undo` refuses to go on from
    another one.
    """

    def __init__(self, repo: Repository, name: str, gone: Callable[[str], ObjstoreError]) -> None:
        """`gone` makes the error for a ref that does not exist, out of its short name."""
        self.repo = repo
        self.name = name
        self.gone = gone
        self.seen: Oid | None = None
        self._tip = Tip()
        self._lock = threading.RLock()
        self._rivals = 0  # writers met lately: while there are any, take turns

    def head(self) -> Oid | None:
        """The head as it is now, or None where there is no such ref."""
        ref = self.repo.storage.refs.get(self.name)
        self.seen = None if ref is None else Oid(ref.value)
        return self.seen

    @property
    def short_name(self) -> str:
        """The name without its namespace."""
        return self.name.partition("/")[2]

    def need_head(self) -> Oid:
        """The head as it is now; the error given to the constructor where there is none."""
        head = self.head()
        if head is None:
            raise self.gone(self.short_name)
        return head

    def grow(
        self,
        build: Build,
        why: str,
        *,
        expected: Oid | None = None,
        stage: Stage | None = None,
        fresh: bool = False,
        who: str | None = None,
        guard: Guard | None = None,
    ) -> Growth:
        """Make commits on the head and move the ref to the last, durably; what was made.

        `build` adds commits to the growth it is given; it is called again on the new head if another writer was
        faster. `expected` pins the head, `fresh` demands that the ref does not exist yet: MovedHead otherwise.
        A growth without commits moves nothing. `guard` has an edit made with it: its own error if that one fails.
        """
        repo = self.repo
        with self._lock:
            for attempt in range(_PATIENCE):
                with repo.storage.turn() if attempt or self._rivals else nullcontext():
                    if attempt or self._rivals:
                        self._reload()
                        self._rivals = max(0, self._rivals - 1)
                    tip = Tip() if fresh else self._current(expected)
                    growth = Growth(repo, tip)
                    try:
                        build(growth)
                    except ObjstoreError:
                        if fresh or not self._is_outdated(tip, expected):
                            raise
                        continue  # it was refused on a head that is no longer the head
                    if not growth.commits or growth.oid is None:
                        if fresh or not self._is_outdated(tip, expected):
                            return growth
                        continue  # nothing to change was there; on the new head there may be
                    edit = RefEdit(self.name, growth.oid, tip.oid or ABSENT, step=len(growth.commits) == 1)
                    note = Note(repo.author if who is None else who, why, growth.commit.time if growth.commit else 0)
                    try:
                        self._apply(growth, edit, note, stage, guard)
                    except RefConflict as conflict:
                        if guard is not None and conflict.name != self.name:
                            raise guard.lost() from conflict
                        if expected is not None or fresh:
                            raise self._moved(expected, _oid(conflict.actual)) from conflict
                        self._rivals = 16
                        continue
                    self._tip = growth.settle()
                    self.seen = growth.oid
                    return growth
            raise self._moved(self._tip.oid, self.head())

    def _apply(self, growth: Growth, edit: RefEdit, note: Note, stage: Stage | None, guard: Guard | None) -> None:
        if guard is None:
            self.repo.storage.apply(growth.objects, (edit,), note, stage)
            return
        with guard.turn():
            beside = guard.edit(growth.objects)
            self.repo.storage.apply(growth.objects, (edit._replace(step=False), beside), note, stage)
            guard.settle()

    def move(self, new: Oid | None, why: str, expected: Oid | None) -> None:
        """Point the ref at another commit (None: delete it), provided that it is as expected. MovedHead."""
        self.move_with((RefEdit(self.name, new, ABSENT if expected is None else expected),), why)

    def move_with(self, edits: Sequence[RefEdit], why: str) -> None:
        """Make edits that belong together, this branch's among them. MovedHead: nothing was changed."""
        repo = self.repo
        with self._lock:
            try:
                repo.storage.apply((), edits, Note(repo.author, why, repo.now()))
            except RefConflict as conflict:
                raise self._moved(_oid(conflict.expected), _oid(conflict.actual)) from conflict
            self._reload()

    def undo(self) -> LogEntry:
        """Take back the last step that is not undone yet; the entry that it was part of. NothingToUndo, MovedHead."""
        return self._step(undo.find_undo)

    def redo(self) -> LogEntry:
        """Make the step again that was undone last. NothingToUndo, MovedHead."""
        return self._step(undo.find_redo)

    def _step(self, find: Callable[[Repository, str], undo.Step]) -> LogEntry:
        with self._lock:
            seen = self.seen
            head = self.head()
            if head != seen:
                raise self._moved(seen, head)
            step = find(self.repo, self.name)
            self.move(step.target, step.why, head)
            return step.entry

    def _current(self, expected: Oid | None) -> Tip:
        """The tip to grow on: as it was left, read anew where that cannot be right."""
        if self._tip.oid is None or (expected is not None and self._tip.oid != expected):
            self._reload()
            if self._tip.oid is None:
                raise self.gone(self.short_name)
            if expected is not None and self._tip.oid != expected:
                raise self._moved(expected, self._tip.oid)
        return self._tip

    def _is_outdated(self, tip: Tip, expected: Oid | None) -> bool:
        """Whether the head is another than the tip that was built on. MovedHead: and it was pinned."""
        head = self.head()
        if head == tip.oid:
            return False
        if expected is not None:
            raise self._moved(expected, head)
        return True

    def _reload(self) -> None:
        head = self.head()
        if head != self._tip.oid:
            self._tip = Tip() if head is None else Tip(head, self.repo.commit(head), None)

    def _moved(self, expected: Oid | None, actual: Oid | None) -> MovedHead:
        return MovedHead(self.short_name, expected, actual, self._news(expected, actual))

    def _news(self, expected: Oid | None, actual: Oid | None) -> str:
        if expected is None or actual is None:
            return ""
        try:
            before, after = self.repo.commit(expected), self.repo.commit(actual)
        except ObjstoreError:  # the caller pinned something else, or the ref is no branch
            return ""
        fresh = after.events - before.events
        return f"{fresh} new events by {after.author}" if fresh > 0 else f"by {after.author}"


def _oid(value: bytes | None) -> Oid | None:
    return None if value is None else Oid(value)
