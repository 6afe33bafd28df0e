"""The store: what `objstore.open` gives (`opening`). `parts` wires the house together; `upkeep` and `exchange` are faces of
what keeps a store sound and of what goes from one to another; here is what looks at moments of all refs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from objstore.conversations.conversation import Difference, difference
from objstore.conversations.view import ConversationView
from objstore.files.paths import check_path
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.history import ancestors
from objstore.store.exchange import Exchange
from objstore.store.upkeep import Upkeep

if TYPE_CHECKING:
    from objstore.files.blame import BlamedLine
    from objstore.importers import History
    from objstore.importers.fill import Imported
    from objstore.objects.tombstones import Tombstone
    from objstore.repository.operations import Operation


class Store(Upkeep, Exchange):
    """Conversations, files and settings in one place. Safe between threads; a context manager."""

    def view(self, moment: str | CommitInfo) -> ConversationView:
        """Events, files and settings at a moment such as "c1#3", or of a commit. Errors as `resolve`."""
        return ConversationView(self._repo, self._commit(moment).oid)

    def diff(self, a: str | CommitInfo, b: str | CommitInfo) -> Difference:
        """What changed from moment `a` to moment `b`, whatever refs they are of. Errors as `resolve`."""
        return difference(self._repo, self._commit(a), self._commit(b))

    def blame(self, moment: str | CommitInfo, path: str) -> list[BlamedLine]:
        """The lines of a file at a moment with the commits, and so the events, that wrote them. Errors as `resolve`;
        UnknownPath; InvalidPath: it is a binary."""
        from objstore.files.blame import blame

        return blame(self._repo, self._commit(moment).oid, check_path(path))

    def ancestors(self, moments: Iterable[str | CommitInfo]) -> Iterator[CommitInfo]:
        """Every commit that led to these moments, merges included, children before parents. Errors as `resolve`."""
        for oid, commit in ancestors(self._repo, [self._commit(moment).oid for moment in moments]):
            yield commit_info(oid, commit)

    def operations(self) -> Iterator[Operation]:
        """Every change of refs, newest first."""
        from objstore.repository.operations import operations

        return operations(self._repo)

    def undo(self, operation: Operation | int) -> Operation:
        """Take an operation back, deletes included. UnknownRevision; MovedHead: a ref has moved since."""
        from objstore.repository.operations import undo_operation

        number = operation if isinstance(operation, int) else operation.number
        return undo_operation(self._repo, number)

    def redact(self, moment: str | CommitInfo, *, reason: str) -> list[Tombstone]:
        """Redact the event of a moment ("c1#3": the third of c1, or a commit that brought one). As
        `Conversation.redact`; errors as `resolve`; IndexError: the moment has no event."""
        from objstore.conversations.redacting import redact

        return redact(self._repo, self._commit(moment).oid, (-1,), reason)

    def redactions(self) -> Iterator[Tombstone]:
        """What is on record of the redacted events, by the events' ids. `conv.redact` redacts."""
        return iter(self._repo.redactions)

    def import_history(self, history: History, prefix: str = "") -> Imported:
        """Bring an agent's history in as a conversation of `prefix` and its name; nothing is added twice."""
        from objstore.importers.fill import import_history

        return import_history(self.conversations, history, prefix)
