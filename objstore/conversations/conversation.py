"""A conversation: an append-only history of events with the files and settings that go with them, under one name."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, overload

from objstore.conversations.bisect import Bisected, Bisection, Predicate
from objstore.conversations.draft import ConversationDraft, event_object
from objstore.conversations.follow import Follower, Tracker
from objstore.conversations.forking import edited, make_refs
from objstore.conversations.merging import Choice, Disputed, disputed, merge_conversation
from objstore.conversations.metadata import Metadata, about_name, about_values
from objstore.conversations.redacting import redact
from objstore.conversations.view import ConversationView, Form
from objstore.files.workspace import Workspace, bring, refuse_dirty
from objstore.objects.kinds import Oid
from objstore.objects.tombstones import Tombstone
from objstore.objects.trees import Change
from objstore.objects.values import JsonValue
from objstore.repository.about import is_about
from objstore.repository.branch import Branch
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.diff import EventsDiff, diff_events, diff_trees
from objstore.repository.growth import Growth
from objstore.repository.history import first_commit
from objstore.repository.merge_trees import Side
from objstore.repository.moments import When, locate
from objstore.repository.repository import Repository
from objstore.settings.settings import Settings

if TYPE_CHECKING:
    from objstore.conversations.squashing import Squashed


class Difference(NamedTuple):
    """What changed between two moments: events by number, files and settings by key, metadata by name ("title", "tags.x")."""

    events: EventsDiff
    files: list[Change]
    settings: list[Change]
    metadata: dict[str, tuple[JsonValue, JsonValue]]
    """Old and new value; None: there is none."""


def difference(repo: Repository, old: CommitInfo, new: CommitInfo) -> Difference:
    """What changed from one commit to another."""
    files = list(diff_trees(repo, old.files, new.files))
    changes = list(diff_trees(repo, old.settings, new.settings))
    settings = [change for change in changes if not is_about(change.key)]
    about = {about_name(change.key): about_values(repo, change) for change in changes if is_about(change.key)}
    return Difference(diff_events(repo, old.oid, new.oid), files, settings, about)


class Conversation:
    """One conversation, live: reading sees what others append. Safe between threads and processes."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._repo = branch.repo
        self.files = Workspace(branch)
        self.settings = Settings(branch)
        self.metadata = Metadata(branch)

    @property
    def name(self) -> str:
        """The conversation's name."""
        return self._branch.short_name

    @property
    def head(self) -> CommitInfo:
        """The newest commit. UnknownConversation: it was deleted."""
        oid = self._branch.need_head()
        return commit_info(oid, self._repo.commit(oid))

    # Appending

    def append(
        self,
        event: object,
        *,
        snapshot: str | Path | None = None,
        expected_head: CommitInfo | Oid | None = None,
        message: str = "",
    ) -> CommitInfo:
        """Add one event, durably; its commit. With `snapshot`, a directory's files go into the same commit.

        InvalidValue: the event is not JSON. MovedHead: the head is not `expected_head`; without that, an append that
        others overtook is made on the new head.
        """
        expected = expected_head.oid if isinstance(expected_head, CommitInfo) else expected_head
        if snapshot is not None:
            with self.commit(message, expected_head=expected) as draft:
                draft.append(event)
                draft.files.snapshot(snapshot)
            assert draft.made is not None
            return draft.made
        obj = event_object(self._repo, event)
        repo = self._repo

        def build(growth: Growth) -> None:
            growth.add(obj, files=growth.files, settings=growth.settings, time=repo.now(), message=message)

        growth = self._branch.grow(build, "append", expected=expected)
        assert growth.oid is not None
        assert growth.commit is not None
        return commit_info(growth.oid, growth.commit)

    def append_many(self, events: Iterable[object], *, expected_head: CommitInfo | Oid | None = None) -> list[Oid]:
        """Add events, a commit each, with one flush for all; their commits' oids. All or nothing. Errors as `append`."""
        expected = expected_head.oid if isinstance(expected_head, CommitInfo) else expected_head
        repo = self._repo
        objects = [event_object(repo, event) for event in events]

        def build(growth: Growth) -> None:
            time = repo.now()
            for obj in objects:
                growth.add(obj, files=growth.files, settings=growth.settings, time=time)

        return self._branch.grow(build, f"append {len(objects)} events", expected=expected).commits

    @contextmanager
    def commit(
        self, message: str = "", *, expected_head: CommitInfo | Oid | None = None
    ) -> Generator[ConversationDraft, None, None]:
        """Events, files and settings together: made when the block ends well, all or nothing, with one flush.

        The draft's `made` is the commit then. Errors as `append`, and those of files and settings.
        """
        expected = expected_head.oid if isinstance(expected_head, CommitInfo) else expected_head
        head = self._branch.need_head()
        with self._repo.storage.stage() as stage:
            now = self._repo.commit(head)
            draft = ConversationDraft(self._repo, stage, now.files, now.settings, message)
            yield draft
            growth = self._branch.grow(draft.build, "commit", expected=expected, stage=stage)
            assert growth.oid is not None
            assert growth.commit is not None
            draft.made = commit_info(growth.oid, growth.commit)

    # Reading

    def __len__(self) -> int:
        return len(self._now())

    @overload
    def __getitem__(self, index: int) -> JsonValue: ...
    @overload
    def __getitem__(self, index: slice) -> list[JsonValue]: ...
    def __getitem__(self, index: int | slice) -> JsonValue | list[JsonValue]:
        """An event, or a list of them, at the head. IndexError beyond the end."""
        return self._now()[index]

    def __iter__(self) -> Iterator[JsonValue]:
        return iter(self._now())

    def at(self, moment: When) -> ConversationView:
        """The conversation at a moment: a number of events, a commit, "~2", "@{2 hours ago}", a time.

        IndexError: fewer events. InvalidRevision, UnknownRevision.
        """
        return ConversationView(self._repo, locate(self._branch, moment))

    def log(self) -> Iterator[CommitInfo]:
        """The commits, newest first."""
        return self._now().log()

    def diff(self, a: When, b: When) -> Difference:
        """What changed from moment `a` to moment `b`."""
        old, new = locate(self._branch, a), locate(self._branch, b)
        repo = self._repo
        return difference(repo, commit_info(old, repo.commit(old)), commit_info(new, repo.commit(new)))

    def export(self, form: Form = "html", *, title: str = "") -> Iterator[str]:
        """As `ConversationView.export`, at the head; the title is by default the metadata's, or the name."""
        now = self._now()
        return now.export(form, title=title or now.metadata.title or self.name)

    def follow(self, *, after: When | None = None, timeout: float | None = None) -> Follower:
        """An iterator over new events as anybody appends them, and a `HeadMoved` when the head goes elsewhere.

        From the moment `after` on (the head by default; 0: from the beginning). It waits without asking all the time,
        and ends when closed or after `timeout` seconds without anything. IndexError, InvalidRevision, UnknownRevision.
        """
        return Follower(self._branch, after, timeout)

    def track(self, *, after: When | None = None) -> Tracker:
        """As `follow`, for who waits by other means: its `next()` tells what is new, and never waits. Errors as there."""
        return Tracker(self._branch, after)

    def bisect(self, predicate: Predicate, *, good: When | None = None, bad: When | None = None) -> Bisected:
        """The first moment after `good` (the first by default), up to `bad` (the head), that a predicate calls bad.

        `predicate(view)` says True for good, False for bad, None for a moment that cannot be judged. CannotBisect: the
        ends are not before each other or not what they should be; InvalidRevision, UnknownRevision, IndexError.
        """
        last = self._branch.need_head() if bad is None else locate(self._branch, bad)
        first = first_commit(self._repo, last) if good is None else locate(self._branch, good)
        return Bisection(self._repo, self.name, predicate).search(first, last)

    # Moving

    def fork(self, name: str, *, at: When | None = None) -> Conversation:
        """A new conversation that shares everything up to a moment (the head by default): O(1). ConversationExists."""
        return self.fork_many((name,), at=at)[0]

    def fork_many(self, names: Iterable[str], *, at: When | None = None) -> list[Conversation]:
        """Several forks of one moment, all or none, in one transaction. ConversationExists; ValueError: a name twice."""
        start = self._branch.need_head() if at is None else locate(self._branch, at)
        wanted = list(names)
        make_refs(self._repo, wanted, start, f"fork of {self.name}")
        return [self._sibling(name) for name in wanted]

    def edit(self, number: int, event: object, name: str | None = None, *, carry: bool = False) -> Conversation:
        """A fork in which event `number` (from 0) is another; this conversation stays as it is.

        Without a name it gets a new one. What came after the event is left out, or follows with `carry`: the same events
        with their files and settings. IndexError, InvalidValue, ConversationExists; nothing was made.
        """
        head = self._branch.need_head()
        count = self._repo.commit(head).events
        place = number + count if number < 0 else number
        if not 0 <= place < count:
            raise IndexError(f"event {number} of {count}")
        fresh = self._repo.random(8).hex() if name is None else name
        with self._repo.storage.stage() as stage:
            made = edited(self._repo, head, place, event_object(self._repo, event), stage, carry=carry)
            make_refs(self._repo, (fresh,), made, f"edit of {self.name}", (), stage)
        return self._sibling(fresh)

    def rewind(
        self,
        moment: When,
        *,
        checkout: str | Path | None = None,
        discard: bool = False,
        expected_head: CommitInfo | Oid | None = None,
    ) -> CommitInfo:
        """Move the head: chat, files and settings. With `checkout` a directory comes along.

        DirtyWorkspace: the directory has changes that no commit holds (`discard` gives them up); MovedHead: the head is
        not `expected_head`. Nothing was changed then.
        """
        expected = expected_head.oid if isinstance(expected_head, CommitInfo) else expected_head
        head = self._branch.need_head() if expected is None else expected
        target = locate(self._branch, moment)
        if checkout is not None and not discard:
            refuse_dirty(self._branch, Path(checkout), self._repo.commit(head).files, self._repo.commit(target).files)
        self._branch.move(target, f"rewind to {target.hex()[:12]}", head)
        if checkout is not None:
            bring(self._branch, Path(checkout), target, head, discard=True)
        return commit_info(target, self._repo.commit(target))

    def merge(
        self, other: Conversation | When, *, prefer: Side | None = None, settle: Mapping[str, Choice] | None = None
    ) -> CommitInfo:
        """Append the events that another conversation, or a moment, has and this one does not; the head afterwards.

        Its files and settings are merged with ours against the last common moment: texts line by line, the rest key by
        key. MergeConflict: both sides changed the same ones (as "files:src/app.py", "settings:llm.model"; `conflicts`
        shows them), and neither `settle` says "ours", "theirs" or, of a file, its content, nor `prefer` whose count in
        all others; nothing was changed. InvalidValue: `settle` names what is in no conflict. Where we are a beginning
        of the other, the head moves to its; where we have all of it, nothing is done.
        """
        oid, name = self._other(other)
        merged = merge_conversation(self._branch, oid, name, prefer, settle or {})
        return commit_info(merged, self._repo.commit(merged))

    def conflicts(self, other: Conversation | When) -> list[Disputed]:
        """What `merge` would be in conflict about, with both sides' lines where it is a text; nothing is changed."""
        oid, name = self._other(other)
        return disputed(self._branch, oid, (self.name, name))

    def _other(self, other: Conversation | When) -> tuple[Oid, str]:
        if isinstance(other, Conversation):
            return other._branch.need_head(), other.name
        oid = locate(self._branch, other)
        return oid, other if isinstance(other, str) else oid.hex()[:12]

    def redact(self, *numbers: int, reason: str) -> list[Tombstone]:
        """Take the content of events away for good, by their numbers (from 0); what is on record of each then.

        Their objects are erased from the whole store, so every fork that shares them is without them, and so are
        search and its index; no commit and no id changes. `conv[n]` raises RedactedEvent then, and a marker stands in
        their place in iteration, lists and exports. It cannot be undone. Again is harmless: the first record stands.
        IndexError: there is no such event; nothing was changed.
        """
        return redact(self._repo, self._branch.need_head(), numbers, reason)

    def squash(
        self, before: When, *, reason: str = "", with_forks: bool = False, dry_run: bool = True
    ) -> Squashed | None:
        """Let the history before the event of a moment go for good; what goes (`dry_run`: would). None: nothing is there.

        That event is the first then, with the files and settings of its commit; no id and no number changes. What is
        asked for from before raises SquashedHistory; iteration, log and exports begin there; undo does not go behind
        it. `store.gc()` frees what only the old part needed. Forks from before the event keep their beginning; of
        those that have the event too, SharedHistory, unless `with_forks` says that they lose it as well. It cannot be
        undone. IndexError, InvalidRevision, UnknownRevision.
        """
        from objstore.conversations.squashing import squash

        moment = locate(self._branch, before)
        return squash(self._branch, moment, reason, with_forks=with_forks, dry_run=dry_run)

    def undo(self) -> None:
        """Take back the last step: an append, a commit, a rewind. NothingToUndo; MovedHead: someone moved it since."""
        self._branch.undo()

    def redo(self) -> None:
        """Make the step again that was undone last. NothingToUndo, MovedHead."""
        self._branch.redo()

    def _sibling(self, name: str) -> Conversation:
        branch = Branch(self._repo, f"conversations/{name}", self._branch.gone)
        branch.head()
        return Conversation(branch)

    def _now(self) -> ConversationView:
        return ConversationView(self._repo, self._branch.need_head())
