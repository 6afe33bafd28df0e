"""Which refs travel: patterns over full names, and where they are kept on the other side.

    conversations/c1        that ref (a bare c1 means the same)
    conversations/*         every ref whose name begins so; the star stands at the end alone
    *                       every ref but settings
    settings/*, settings/u  settings travel only where a pattern names them

Over here a remote's refs are tracked under `remotes/NAME/`: `remotes/origin/conversations/c1`. Locks, tracking refs and
marks of unfinished transfers never travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from objstore.errors import InvalidRemote
from objstore.objects.kinds import Oid
from objstore.repository.revisions import NAMESPACES, ref_name
from refs.errors import InvalidRefName
from refs.name import check_name
from refs.protocol import Ref, RefReader

REMOTES: Final = "remotes/"
INCOMING: Final = "incoming/"
CONFIG: Final = "config"
"""Beside what is tracked of a remote: its own ref."""
EVERYTHING: Final = "*"
_SETTINGS = "settings/"
_OID = 32


def parse_pattern(text: str) -> str:
    """A pattern in full. InvalidRemote: it cannot be one."""
    if text == EVERYTHING:
        return text
    stem = text.removesuffix("*")
    if "*" in stem:
        raise InvalidRemote(text, "a pattern has one star, at its end")
    full = ref_name(text) if stem == text else text
    if full.partition("/")[0] not in NAMESPACES or "/" not in full:
        raise InvalidRemote(text, f"a pattern begins with {', '.join(f'{space}/' for space in NAMESPACES)} or is *")
    try:
        check_name(stem.rstrip("/") if stem != text else full)
    except InvalidRefName as error:
        raise InvalidRemote(text, error.reason) from None
    return full


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether a full name is one that these patterns let travel."""
    space = name.partition("/")[0]
    for pattern in patterns:
        if pattern == EVERYTHING:
            if space in NAMESPACES and not name.startswith(_SETTINGS):
                return True
        elif name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern:
            return space in NAMESPACES
    return False


def find_refs(refs: RefReader, patterns: Iterable[str]) -> Iterator[Ref]:
    """The refs that match, by pattern and name, each once. Values that are no ids are passed over."""
    seen: set[str] = set()
    for pattern in patterns:
        for ref in _of_pattern(refs, pattern):
            if ref.name not in seen and len(ref.value) == _OID:
                seen.add(ref.name)
                yield ref


def _of_pattern(refs: RefReader, pattern: str) -> Iterator[Ref]:
    if pattern == EVERYTHING:
        for space in NAMESPACES:
            if f"{space}/" != _SETTINGS:
                yield from refs.find(f"{space}/")
    elif pattern.partition("/")[0] not in NAMESPACES:
        return
    elif pattern.endswith("*"):
        yield from refs.find(pattern[:-1])
    else:
        ref = refs.get(pattern)
        if ref is not None:
            yield ref


def is_exact(pattern: str) -> bool:
    """Whether a pattern names one ref."""
    return not pattern.endswith("*")


def tracking_name(remote: str, name: str) -> str:
    """Where a ref of a remote is tracked."""
    return f"{REMOTES}{remote}/{name}"


def head_of(refs: RefReader, name: str) -> Oid | None:
    """What a ref names, or None where there is none."""
    ref = refs.get(name)
    return None if ref is None else Oid(ref.value)
