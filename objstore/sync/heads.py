"""The heads of refs as the protocol sees them: those that may be read, and what stands under them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objstore.errors import ObjstoreError
from objstore.objects.kinds import Object, Oid
from objstore.repository.repository import Repository
from objstore.repository.revisions import NAMESPACES, peel
from objstore.sync.access import Access
from objstore.sync.negotiation import is_under
from objstore.sync.protocol import At


class Heads:
    """Heads, each looked up once. For one request."""

    def __init__(self, repo: Repository, access: Access) -> None:
        self._repo = repo
        self._access = access
        self._found: dict[str, tuple[Oid, Oid] | None] = {}

    def commit_at(self, at: At) -> Oid | None:
        """The commit that a place stands for: what the ref names, behind a tag if it is one, or what that reaches.

        None: there is no such ref (for whoever asks), or it does not reach it.
        """
        head = self._head(at.name)
        if head is None:
            return None
        value, commit = head
        if at.oid == value:
            return commit
        return at.oid if is_under(self._repo, at.oid, commit) else None

    def reach(self, at: At) -> bool:
        """Whether a commit stands under a name."""
        head = self._head(at.name)
        return head is not None and is_under(self._repo, at.oid, head[1])

    def _head(self, name: str) -> tuple[Oid, Oid] | None:
        """What a ref names, and the commit behind it."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> tuple[Oid, Oid] | None:
        if name.partition("/")[0] not in NAMESPACES or not self._access.can_read(name):
            return None
        ref = self._repo.storage.refs.get(name)
        if ref is None:
            return None
        try:
            return Oid(ref.value), peel(self._repo, Oid(ref.value))
        except ObjstoreError:  # damaged; fsck tells
            return None


def tag_objects(repo: Repository, oids: Iterable[Oid]) -> Iterator[Object]:
    """The tag objects of these ids, each once."""
    for oid in dict.fromkeys(oids):
        yield repo.storage.read(oid)
