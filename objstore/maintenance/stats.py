"""How much a store holds, and what compression and sharing saved."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from objstore.maintenance.usage import Usage, usage
from objstore.repository.repository import Repository
from objstore.storage.local.storage import LocalStorage
from objstore.storage.local.usage import stored_bytes


class Stats(NamedTuple):
    """Numbers of a store.

    `payload` is the bytes of all distinct objects; `stored` the bytes on disk (0 in memory); `referenced` what the
    events and files of all refs' heads would take if nothing were shared between refs.
    """

    conversations: int
    workspaces: int
    settings: int
    tags: int
    events: int
    objects: int
    payload: int
    stored: int
    referenced: int


def stats(repo: Repository) -> Stats:
    """Count everything: looks at every object once."""
    return stats_of(repo, usage(repo))


def stats_of(repo: Repository, used: Usage) -> Stats:
    """The numbers of a store whose usage is known."""
    spaces = Counter(ref.ref.partition("/")[0] for ref in used.refs)
    branches = [ref for ref in used.refs if not ref.ref.startswith("tags/")]
    return Stats(
        conversations=spaces["conversations"],
        workspaces=spaces["files"],
        settings=spaces["settings"],
        tags=spaces["tags"],
        events=sum(ref.events for ref in branches),
        objects=sum(count for count, _ in used.kinds.values()),
        payload=used.payload,
        stored=stored_bytes(repo.storage.folder) if isinstance(repo.storage, LocalStorage) else 0,
        referenced=sum(ref.content for ref in branches),
    )
