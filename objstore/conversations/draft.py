"""Events, files and settings that become durable together."""

from __future__ import annotations

from objstore.conversations.metadata import MetadataDraft
from objstore.files.draft import FilesDraft
from objstore.objects.events import encode_event
from objstore.objects.kinds import Kind, Object, Oid
from objstore.repository.about import read_about
from objstore.repository.commit import CommitInfo
from objstore.repository.growth import Growth
from objstore.repository.repository import Repository
from objstore.settings.draft import SettingsDraft
from objstore.storage.protocol import Stage


class ConversationDraft:
    """What `with conv.commit(…) as c` gives. With several events each gets a commit; files and settings go with the last."""

    def __init__(self, repo: Repository, stage: Stage, files: Oid | None, settings: Oid | None, message: str) -> None:
        self._repo = repo
        self._message = message
        self._events: list[Object] = []
        self.made: CommitInfo | None = None
        """Once the block has ended: the commit that holds it (the head where there was nothing to commit)."""
        self.files = FilesDraft(repo, stage, files)
        self.settings = SettingsDraft(repo)
        self.metadata = MetadataDraft(repo, self.settings, read_about(repo, settings))

    def append(self, event: object) -> None:
        """Add an event. InvalidValue: it is not JSON, with the path of the fault."""
        self._events.append(event_object(self._repo, event))

    def build(self, growth: Growth) -> None:
        """Add the commits to a growth."""
        time = self._repo.now()
        for event in self._events[:-1]:
            growth.add(event, files=growth.files, settings=growth.settings, time=time, message=self._message)
        files = self.files.tree.apply_to(growth.files, growth.objects.append)
        settings = self.settings.tree.apply_to(growth.settings, growth.objects.append)
        last = self._events[-1] if self._events else None
        if last is not None or files != growth.files or settings != growth.settings:
            growth.objects.extend(self.settings.objects)
            growth.add(last, files=files, settings=settings, time=time, message=self._message)


def event_object(repo: Repository, event: object) -> Object:
    """The salted object of an event. InvalidValue."""
    return repo.hasher.object(Kind.EVENT, encode_event(event, repo.random(16)))
