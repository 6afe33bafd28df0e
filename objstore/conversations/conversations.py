"""All conversations of a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from objstore.conversations.conversation import Conversation
from objstore.errors import ConversationExists, UnknownConversation
from objstore.repository.collection import Collection
from objstore.repository.commit import CommitInfo
from objstore.repository.repository import Repository

if TYPE_CHECKING:
    from objstore.conversations.retention import Expiry, Rule
    from objstore.index.catalogue import Catalogue, CatalogueRow
    from objstore.index.finder import Hit
    from objstore.index.scope import When
    from objstore.index.search_index import CaughtUp, SearchIndex


class ConversationInfo(NamedTuple):
    """What a list shows of a conversation. Times in µs since 1970.

    `time` is that of the newest commit, `created` that of the first, `changed` when the name last moved: an append, a
    fork, a rewind. `head` is the id of the newest commit in hex, `tags` are sorted.
    """

    name: str
    events: int
    time: int
    head: str
    created: int
    changed: int
    title: str
    tags: tuple[str, ...]


class Conversations(Collection[Conversation]):
    """Conversations by name."""

    def __init__(self, repo: Repository, index: Callable[[], SearchIndex]) -> None:
        """`index` gives the full text index, when it is first needed."""
        super().__init__(repo, "conversations", Conversation, UnknownConversation, ConversationExists)
        self._index = index
        self._catalogue: Catalogue | None = None

    def find(
        self,
        prefix: str = "",
        *,
        after: str | ConversationInfo = "",
        limit: int | None = None,
        tag: str | tuple[str, ...] = (),
        newest: bool = False,
    ) -> Iterator[ConversationInfo]:
        """Conversations whose names begin with `prefix` and that have every `tag`, by name or `newest` change first.

        At most `limit`, and those after `after`: the last one of the page before, or its name. With `newest`, the info
        itself keeps its place even if that conversation changed meanwhile. UnknownConversation: `newest`, and there is
        no conversation of the name `after`.
        """
        from objstore.index.catalogue import NAMESPACE, describe

        tags = (tag,) if isinstance(tag, str) else tag
        name = after.name if isinstance(after, ConversationInfo) else after
        if newest:
            place = None if not name else (self._changed(after), name)
            return map(_info, self._rows().newest(prefix, tags, place, limit))
        if tags or self._rows().is_whole():
            return map(_info, self._rows().by_name(prefix, tags, name, limit))
        refs = self._repo.storage.refs.find(NAMESPACE + prefix, NAMESPACE + name if name else "", limit)
        return (_info(describe(self._repo, ref)) for ref in refs)

    def search(
        self,
        query: str,
        *,
        prefix: str = "",
        role: str | None = None,
        tool: str | None = None,
        since: When | None = None,
        until: When | None = None,
        at: When | CommitInfo | None = None,
        limit: int = 20,
        offset: int = 0,
    ) -> list[Hit]:
        """The events that a query fits, the best first, with where they stand and an excerpt.

        `query`: words, "phrases", beginnings (wor*), AND, OR, NOT, parentheses (docs/how-to/search.md). `prefix`: only
        conversations whose names begin so. `role`, `tool`: who speaks, which tool is called or answers. `since`
        (included), `until` (excluded): the event's own time. `at`: as of a moment ("c1#30", a commit: that history
        alone) or a time (what was committed by then). InvalidQuery; InvalidRevision, UnknownRevision, AmbiguousId.
        """
        from objstore.index.scope import scope_of

        scope = scope_of(self._repo, prefix=prefix, role=role, tool=tool, since=since, until=until, at=at)
        return self._index().search(query, scope, limit, offset)

    def catch_up(self) -> CaughtUp:
        """Take what is new into the search index now, so that the next search need not: for long-lived processes."""
        return self._index().catch_up()

    def expire(self, rules: Sequence[Rule], *, dry_run: bool = True) -> Expiry:
        """What rules of retention let go; deleted, in one operation that the store's undo takes back, unless `dry_run`.

        InvalidValue: a rule makes no sense; MovedHead: others kept changing what was to go. Nothing was deleted then.
        """
        from objstore.conversations.retention import expire

        return expire(self._repo, self._rows(), rules, dry_run)

    def close(self) -> None:
        """Let go of the derived catalogue; called by the store."""
        if self._catalogue is not None:
            self._catalogue.close()

    def _rows(self) -> Catalogue:
        if self._catalogue is None:
            from objstore.index.catalogue import Catalogue

            self._catalogue = Catalogue(self._repo)
        return self._catalogue

    def _changed(self, after: str | ConversationInfo) -> int:
        if isinstance(after, ConversationInfo):
            return after.changed
        changed = self._rows().changed(after)
        if changed is None:
            raise UnknownConversation(after)
        return changed


def _info(row: CatalogueRow) -> ConversationInfo:
    return ConversationInfo(
        row.name, row.events, row.time, row.head.hex(), row.created, row.changed, row.title, row.tags
    )
