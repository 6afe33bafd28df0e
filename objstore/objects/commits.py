"""Commits: one moment of a history, with everything that moved together.

A commit names its parents, its place in the chain of first parents with one jump pointer along it (`jumps`), at most
one event, the number of events up to it, the root of the event index (`event_index`), and the trees of files and
settings as they stood. The payload is a structure (`codec.encode_fields`) of sixteen fields, the first of which is
the format's number. What can be checked from the commit alone is checked both ways. Bytes: docs/format/objects.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, cast

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.codec import Field, decode_fields, encode_fields, encode_flat_fields
from objstore.objects.event_index import LEAF
from objstore.objects.kinds import Domain, Oid

Scalar: TypeAlias = str | int | bool | None
Fault: TypeAlias = "tuple[str, str] | None"
"""The name of a field and what is wrong with it; None where all is well."""

COMMIT_FORMAT: Final = 1
MAX_PARENTS: Final = 64
MAX_AUTHOR_BYTES: Final = 1 << 10
MAX_MESSAGE_BYTES: Final = 1 << 20
MAX_METADATA_BYTES: Final = 1 << 16
MAX_COMMIT_BYTES: Final = MAX_MESSAGE_BYTES + 2 * MAX_METADATA_BYTES

_FIELDS = 16
_LIMIT = 1 << 63  # Counts and times fit the signed integers of databases.


_NO_METADATA: Mapping[str, Scalar] = MappingProxyType({})


class Commit(NamedTuple):
    """A commit. Build it by keyword. (A tuple, since a frozen dataclass of so many fields takes 2 µs more to make.)"""

    parents: tuple[Oid, ...]
    """First the commit before it in its chain, then what was merged."""
    generation: int
    """1 + the highest generation of the parents; 1 without parents."""
    place: int
    """Steps along first parents to the root of the chain; 0 without parents."""
    jump: Oid | None
    """The first-parent ancestor at `jumps.jump_place(place)`; None without parents."""
    author: str
    time: int
    """Microseconds since 1970 in UTC, by the author's clock; may be negative. Nothing is ordered by it."""
    message: str = ""
    metadata: Mapping[str, Scalar] = _NO_METADATA
    event: Oid | None = None
    events: int = 0
    """Events up to and with this commit along first parents."""
    index: Oid | None = None  # pyright: ignore[reportIncompatibleMethodOverride]
    """Root of the event index over `event_index.leaves_covered(events)` leaves, None when that is 0."""
    files: Oid | None = None
    settings: Oid | None = None
    files_domain: Domain | None = None
    """The key domain of `files` where it is not the commit's own."""
    settings_domain: Domain | None = None


def encode_commit(commit: Commit) -> bytes:
    """The payload. InvalidValue: a field that no commit can have, named as `commit.author`."""
    fault = _fault(commit)
    if fault is not None:
        raise InvalidValue(f"commit.{fault[0]}", fault[1])
    encode = encode_fields if commit.metadata else encode_flat_fields
    before, after = commit[1:7], commit[8:]  # metadata is the seventh
    return encode([COMMIT_FORMAT, [*commit.parents], *before, {**commit.metadata}, *after])


def decode_commit(payload: bytes) -> Commit:
    """The commit. CorruptObject: not the canonical payload of a commit that could be."""
    fields = decode_fields(payload, MAX_COMMIT_BYTES)
    if len(fields) != _FIELDS or type(fields[0]) is not int or fields[0] != COMMIT_FORMAT:
        raise CorruptObject(None, "a commit of an unknown format")
    parents, metadata = fields[1], fields[8]
    if type(parents) is not list or type(metadata) is not dict:
        raise CorruptObject(None, "a commit without a list of parents or a map of metadata")
    fields[1] = cast("Field", tuple(parents))
    commit = Commit._make(cast("list[Any]", fields[1:]))  # What is in the fields is judged by _fault.
    fault = _fault(commit)
    if fault is not None:
        raise CorruptObject(None, f"a commit whose {fault[0]} {fault[1]}")
    return commit


def _fault(commit: Commit) -> Fault:
    """What is wrong with a commit, judged by itself alone."""
    for count in (commit.generation, commit.place, commit.events):
        if type(count) is not int or not 0 <= count < _LIMIT:
            return "generation, place or events", "is not a count"
    for oid in (commit.jump, commit.event, commit.index, commit.files, commit.settings, *commit.parents):
        if oid is not None and (type(oid) is not bytes or len(oid) != 32):
            return "parents, jump, event, index, files or settings", "is not an id of 32 bytes"
    return (
        text_fault("author", commit.author, MAX_AUTHOR_BYTES)
        or time_fault(commit.time)
        or (text_fault("message", commit.message, MAX_MESSAGE_BYTES) if commit.message != "" else None)
        or (_metadata_fault(commit.metadata) if commit.metadata else None)
        or _chain_fault(commit)
        or (None if commit.files_domain is commit.settings_domain is None else _domain_fault(commit))
    )


def text_fault(name: str, text: str, limit: int) -> Fault:
    """What keeps a text of at most `limit` bytes in UTF-8 from being a field of ours."""
    if type(text) is not str:
        return name, "is not text"
    try:
        if len(text) <= limit and (text.isascii() or len(text.encode()) <= limit):
            return None
    except UnicodeEncodeError:
        return name, "holds a lone surrogate, which is no text"
    return name, f"takes more than {limit} bytes"


def time_fault(time: int) -> Fault:
    """What keeps a time in microseconds from being a field of ours."""
    return None if type(time) is int and -_LIMIT <= time < _LIMIT else ("time", "is not an integer of 64 bits")


def _metadata_fault(metadata: Mapping[str, Scalar]) -> Fault:
    for key, value in metadata.items():
        if text_fault("", key, MAX_METADATA_BYTES) is not None:
            return "metadata", "has a key that is not text"
        kind = type(value)
        if kind is int:
            if not -_LIMIT <= cast("int", value) < _LIMIT:
                return "metadata", f"has an integer beyond 64 bits under {key!r}"
        elif kind is str:
            if text_fault("", cast("str", value), MAX_METADATA_BYTES) is not None:
                return "metadata", f"has no text, or too much of it, under {key!r}"
        elif kind is not bool and value is not None:
            return "metadata", f"has {kind.__name__} under {key!r}; it takes str, int, bool and None"
    if len(encode_fields([{**metadata}])) > MAX_METADATA_BYTES:
        return "metadata", f"takes more than {MAX_METADATA_BYTES} bytes"
    return None


def _chain_fault(commit: Commit) -> Fault:
    """What its parents, its place in the chain, its number of events and its index must have in common."""
    parents, place, events = commit.parents, commit.place, commit.events
    if not parents:
        if commit.generation != 1 or place or commit.jump is not None:
            return "parents", "are missing, but its generation, place or jump is not that of a root"
        if events != (commit.event is not None):
            return "events", "do not count the only event that a root can have"
    else:
        if None in parents or (len(parents) > 1 and (len(parents) > MAX_PARENTS or len({*parents}) < len(parents))):
            return "parents", f"are more than {MAX_PARENTS}, or one is named twice"
        if not 1 <= place < commit.generation or commit.jump is None:
            return "place", "does not fit its parents, generation and jump"
        if not (commit.event is not None) <= events <= place + 1:
            return "events", "do not fit its event and its place"
    if (commit.index is not None) != (events > LEAF):
        return "index", f"must be there exactly when there are more than {LEAF} events"
    return None


def _domain_fault(commit: Commit) -> Fault:
    for name, domain, tree in (
        ("files_domain", commit.files_domain, commit.files),
        ("settings_domain", commit.settings_domain, commit.settings),
    ):
        if domain is not None and (type(domain) is not bytes or len(domain) != 16 or tree is None):
            return name, "is not a domain of 16 bytes, or has no tree"
    return None
