"""A JSON document that holds a list of events: its header and each item are an event of their own, nothing is lost.

The first event is the document with `MARK` in the list's place, so that all other fields and the order of keys are
kept; then follows one event for each item. `join` puts them together again: `join(split(d, key)) == d`.
A document that is a list has no header. A document is parsed in one piece; `DOCUMENT_LIMIT` bytes at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import cast

from objstore.conversations.readable import MARK
from objstore.importers.history import BadHistory, Extent, check_storable
from objstore.importers.json_lines import BYTE_ORDER_MARK
from objstore.importers.strict_json import BadJson, parse

DOCUMENT_LIMIT = 256 * 1024 * 1024


def split(document: Mapping[str, object], key: str) -> Iterator[object]:
    """The events of a document whose list stands under a key: the header, then the items."""
    header = {name: dict(MARK) if name == key else value for name, value in document.items()}
    return chain([header], cast("list[object]", document[key]))


def join(events: Iterable[object]) -> dict[str, object]:
    """The document that `split` took apart. Raises ValueError if the first event is no such header."""
    items = iter(events)
    header = next(items, None)
    if isinstance(header, dict):
        members = cast("dict[str, object]", header)
        for key, value in members.items():
            if value == MARK:
                return {**members, key: list(items)}
    raise ValueError("the first event is not the header of an imported document")


def list_key(document: object, keys: tuple[str, ...]) -> str | None:
    """The key that holds the events: the first with items, else the first with an empty list, else None."""
    if not isinstance(document, dict):
        return None
    members = cast("dict[str, object]", document)
    lists = [key for key in keys if isinstance(members.get(key), list)]
    return next((key for key in lists if members[key]), lists[0] if lists else None)


def read_document(path: Path, source: str) -> object:
    """The value that a whole file holds. Raises BadHistory."""
    if path.stat().st_size > DOCUMENT_LIMIT:
        raise BadHistory(source, None, f"is larger than {DOCUMENT_LIMIT // 2**20} MiB, and JSON in one piece")
    try:
        return parse(path.read_bytes().removeprefix(BYTE_ORDER_MARK), "document")
    except BadJson as error:
        raise BadHistory(source, None, error.reason) from None


class DocumentReader:
    """The events that `take` finds in a document, which `load` parses anew each time, so that none is kept in memory."""

    def __init__(
        self,
        load: Callable[[], object],
        take: Callable[[object], Iterator[object]],
        source: str,
        line: int | None = None,
    ) -> None:
        self._load = load
        self._take = take
        self._source = source
        self._line = line

    def check(self) -> Extent:
        """See Reader."""
        events = 0
        for value in self._take(self._load()):
            check_storable(value, self._source, self._line, f"event {events}: event")
            events += 1
        return Extent(events, None)

    def values(self, extent: Extent) -> Iterator[object]:
        """See Reader."""
        values = list(self._take(self._load()))
        if len(values) != extent.events:
            raise BadHistory(self._source, self._line, "changed while it was read")
        return iter(values)
