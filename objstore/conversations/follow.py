"""Following a conversation: its events as others append them, and a word whenever its head goes elsewhere.

A follower remembers the commit up to which it has told. When the head is a descendant of that, the events between are
new; when it is not, a `HeadMoved` says first how many of the events told still count. It looks at states, not at every
step between two looks: a rewind that was taken back meanwhile has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from types import TracebackType
from typing import Literal, NamedTuple

from objstore.conversations.view import ConversationView, EventEntry
from objstore.objects.kinds import Oid
from objstore.repository.branch import Branch
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.diff import common_chain
from objstore.repository.history import is_on_chain, with_events
from objstore.repository.moments import When, locate


class HeadMoved(NamedTuple):
    """The head went where no append leads.

    `how`: "rewound" to a moment before, "replaced" by another history, "deleted", or "made" again. The first `events`
    of the events told still count, the `dropped` ones after them do not. `head` is where it is now (None: nowhere),
    `who` and `why` are those of the newest entry of its log.
    """

    how: Literal["rewound", "replaced", "deleted", "made"]
    events: int
    dropped: int
    head: CommitInfo | None
    who: str
    why: str


Followed = EventEntry | HeadMoved


class Tracker:
    """What has happened to a conversation since it was last asked: never waits. For one thread."""

    def __init__(self, branch: Branch, after: When | None) -> None:
        """From the moment `after` on (a number of events, as in `at`; by default the head)."""
        self._branch = branch
        self._repo = branch.repo
        self._at, self._told = self._start(after)
        self._gone = False
        self._waiting: Iterator[EventEntry] = iter(())

    @property
    def told(self) -> int:
        """How many events of the conversation count as told."""
        return self._told

    def next(self) -> Followed | None:
        """The next thing that happened, or None: nothing did."""
        found = next(self._waiting, None) or self._look() or next(self._waiting, None)
        if found is not None:
            self._told = found.number + 1 if isinstance(found, EventEntry) else found.events
        return found

    def _start(self, after: When | None) -> tuple[Oid | None, int]:
        head = self._branch.need_head()
        if after is None:
            return head, self._repo.commit(head).events
        if isinstance(after, int) and not isinstance(after, bool):
            return with_events(self._repo, head, after), after
        at = locate(self._branch, after)
        return at, self._repo.commit(at).events

    def _look(self) -> HeadMoved | None:
        """Go to where the head is now: what is new waits then; a word if it is no descendant of where it was."""
        head = self._branch.head()
        if head == self._at and (head is None) == self._gone:
            return None
        before, told = self._at, self._told
        self._at = head
        if head is None:
            self._gone, self._waiting = True, iter(())
            return self._moved("deleted", 0, told, None)
        made, self._gone = self._gone, False
        word: HeadMoved | None = None
        kept = told
        if made:
            word = self._moved("made", 0, 0, head)
        elif before is not None and not is_on_chain(self._repo, before, head):
            common = common_chain(self._repo, before, head)
            kept = min(told, 0 if common is None else self._repo.commit(common).events)
            word = self._moved("rewound" if common == head else "replaced", kept, told - kept, head)
        self._waiting = ConversationView(self._repo, head).entries(kept)
        return word

    def _moved(
        self, how: Literal["rewound", "replaced", "deleted", "made"], events: int, dropped: int, head: Oid | None
    ) -> HeadMoved:
        newest = next(iter(self._repo.storage.refs.log(self._branch.name)), None)
        who, why = ("", "") if newest is None else (newest.who, newest.why)
        info = None if head is None else commit_info(head, self._repo.commit(head))
        return HeadMoved(how, events, dropped, info, who, why)


class Follower:
    """An iterator over what happens to a conversation. Ends when closed, or after `timeout` seconds without anything.

    For one thread; `close` may come from any. A context manager.
    """

    def __init__(self, branch: Branch, after: When | None, timeout: float | None) -> None:
        """Follow from the moment `after` on, as a `Tracker` does."""
        self._timeout = timeout
        self._watch = branch.repo.storage.watch()  # before the head is read, so that no change falls between
        try:
            self._tracker = Tracker(branch, after)
        except BaseException:
            self._watch.close()
            raise
        self._closed = False

    def __iter__(self) -> Follower:
        return self

    def __next__(self) -> Followed:
        last = monotonic()
        while not self._closed:
            found = self._tracker.next()
            if found is not None:
                return found
            left = None if self._timeout is None else self._timeout - (monotonic() - last)
            if left is not None and left <= 0:
                break
            self._watch.wait(left)
        self.close()
        raise StopIteration

    def close(self) -> None:
        """End the iteration, also one that waits in another thread; harmless when done twice."""
        self._closed = True
        self._watch.close()

    def __enter__(self) -> Follower:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
