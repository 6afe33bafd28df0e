"""A conversation as it stood at one moment: a sequence of JSON values, with the files and settings of that moment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple, overload

from objstore.conversations.metadata import MetadataView
from objstore.conversations.redacting import marker
from objstore.errors import RedactedEvent
from objstore.files.view import FilesView
from objstore.objects.commits import Commit
from objstore.objects.kinds import Oid
from objstore.objects.values import JsonValue
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.history import event_commit_of, event_commits, first_event, first_parents
from objstore.repository.repository import Repository
from objstore.settings.view import SettingsView

Form = Literal["html", "markdown", "jsonl"]
"""An offline page, a text for people, or one event a line as `objstore import` takes it back."""

_WINDOW = 64  # Events that are looked up together.


class EventEntry(NamedTuple):
    """An event with its number (from 0) and the commit that it came with. A redacted one's value is the marker."""

    number: int
    value: JsonValue
    commit: CommitInfo


class ConversationView:
    """The events of one commit's chain. Read-only; every value is made afresh for whoever asks."""

    def __init__(self, repo: Repository, oid: Oid) -> None:
        self._repo = repo
        self._oid = oid
        self._commit = repo.commit(oid)

    @property
    def commit(self) -> CommitInfo:
        """The commit that this is the view of."""
        return commit_info(self._oid, self._commit)

    @property
    def files(self) -> FilesView:
        """The files of this moment."""
        return FilesView(self._repo, self._commit.files)

    @property
    def settings(self) -> SettingsView:
        """The settings of this moment."""
        return SettingsView(self._repo, self._commit.settings)

    @property
    def metadata(self) -> MetadataView:
        """Title, tags and the like as they stood at this moment."""
        return MetadataView(self._repo, self._oid)

    def __len__(self) -> int:
        return self._commit.events

    @overload
    def __getitem__(self, index: int) -> JsonValue: ...
    @overload
    def __getitem__(self, index: slice) -> list[JsonValue]: ...
    def __getitem__(self, index: int | slice) -> JsonValue | list[JsonValue]:
        """An event, or a list of them. IndexError beyond the end; MissingObject, CorruptObject.

        SquashedHistory: it, or some of the list, lies before the point where the history begins since it was squashed; a
        slice without a start, and iteration, begin there. RedactedEvent: the one event that was asked for was redacted. In a list, and in iteration, a marker stands in
        the place of a redacted event: `{"redacted": {"by": …, "time": …, "reason": …}}`.
        """
        if isinstance(index, slice):
            start = self.first if index.start is None and (index.step or 1) > 0 else index.start
            numbers = range(*slice(start, index.stop, index.step).indices(len(self)))
            if numbers.step == 1:
                return list(self._values(numbers.start, numbers.stop))
            return [self._shown(event_commit_of(self._repo, self._oid, number)) for number in numbers]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"event {index} of {len(self)}")
        return self._value(event_commit_of(self._repo, self._oid, number))

    def __iter__(self) -> Iterator[JsonValue]:
        return self._values(self.first, len(self))

    @property
    def first(self) -> int:
        """The number (from 0) of the first event that is there: 0, or how many were squashed."""
        return first_event(self._repo, self._oid)

    def event_info(self, number: int) -> CommitInfo:
        """The commit of event `number` (from 0). IndexError beyond the end."""
        oid = event_commit_of(self._repo, self._oid, number)
        return commit_info(oid, self._repo.commit(oid))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[EventEntry]:
        """The events from number `start` up to `stop` (excluded; the end by default) with their commits, oldest first.

        Those that were squashed are left out.
        """
        end = len(self) if stop is None else min(stop, len(self))
        begin = max(start, self.first)
        for number, oid in enumerate(event_commits(self._repo, self._oid, begin, end), begin):
            yield EventEntry(number, self._shown(oid), commit_info(oid, self._repo.commit(oid)))

    def export(self, form: Form = "html", *, title: str = "") -> Iterator[str]:
        """The pieces of a text for others: an offline "html" page, "markdown", or "jsonl" with an event a line.

        ValueError: no such form; MissingObject, CorruptObject while it is read.
        """
        from objstore.conversations.exporting import exported  # it reads views

        return exported(self._repo, self, form, title or self.metadata.title or "Conversation")

    def log(self) -> Iterator[CommitInfo]:
        """The commits of the chain, newest first."""
        for oid, commit in first_parents(self._repo, self._oid):
            yield commit_info(oid, commit)

    def _values(self, start: int, stop: int) -> Iterator[JsonValue]:
        commits = event_commits(self._repo, self._oid, start, stop)
        while window := list(islice(commits, _WINDOW)):
            events = [_event_of(commit) for commit in self._repo.commits(window)]
            for found in self._repo.events(events):
                yield marker(found) if isinstance(found, RedactedEvent) else found

    def _shown(self, oid: Oid) -> JsonValue:
        """The event of a commit, or what stands in its place."""
        try:
            return self._value(oid)
        except RedactedEvent as error:
            return marker(error)

    def _value(self, oid: Oid) -> JsonValue:
        return self._repo.event(_event_of(self._repo.commit(oid)))


def _event_of(commit: Commit) -> Oid:
    assert commit.event is not None, "an event index names commits with events alone"
    return commit.event
