"""What of a list a caller may see. Names and hits that it may not read are left out as if they were not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from objstore.access.access import Caller
from objstore.access.grant import Grant
from objstore.index.finder import Hit
from objstore.repository.collection import Collection

NAMESPACE = "conversations/"


def readable_names(
    caller: Caller, collection: Collection[Any], namespace: str, prefix: str, after: str = ""
) -> Iterator[str]:
    """Names that begin with `prefix` and may be read, in order, behind `after`. Costs what is told, not what is there.

    `namespace`: that of the collection, with its slash.
    """
    for within in _name_prefixes(caller, namespace):
        start = _narrower(prefix, within)
        if start is None:
            continue
        grant = Grant(within, frozenset())
        for name, _ in collection.heads(start, after):
            if grant.covers(name):
                yield name


def readable_hits(
    caller: Caller, collection: Collection[Any], search: Callable[..., list[Hit]], prefix: str
) -> list[tuple[Hit, list[str]]]:
    """What `search` (of a `prefix`) finds in conversations that may be read, the best first, with its places there."""
    found: dict[bytes, tuple[Hit, list[str]]] = {}
    for within in _name_prefixes(caller, NAMESPACE):
        start = _narrower(prefix, within)
        if start is None:
            continue
        for scope in _scopes(collection, start, within):
            for hit in search(**scope):
                places = [place for place in hit.places if _may_read(caller, place)]
                if places:
                    before = found.get(hit.oid)
                    found[hit.oid] = hit, sorted({*places, *(before[1] if before else ())})
    return sorted(found.values(), key=lambda pair: -pair[0].score)


def _scopes(collection: Collection[Any], start: str, within: str) -> Iterator[dict[str, str]]:
    """The searches whose places together are those below `within` whose names begin with `start`.

    A search's prefix is one of letters, so a name and what is below it are two searches.
    """
    if not within or start != within:
        yield {"prefix": start}
        return
    if within in collection:
        yield {"at": within}
    yield {"prefix": f"{within}/"}


def _may_read(caller: Caller, place: str) -> bool:
    return caller.allowed.may("read", NAMESPACE + place.rpartition("#")[0])


def _name_prefixes(caller: Caller, namespace: str) -> list[str]:
    """The prefixes of names within a namespace that a caller may read; "" for all of them."""
    prefixes = caller.allowed.prefixes("read")
    if any(prefix in ("", namespace[:-1]) for prefix in prefixes):
        return [""]
    return [prefix[len(namespace) :] for prefix in prefixes if prefix.startswith(namespace)]


def _narrower(prefix: str, within: str) -> str | None:
    """The longer one of two beginnings of names, or None: no name has both."""
    if prefix.startswith(within):
        return prefix
    return within if within.startswith(prefix) else None
