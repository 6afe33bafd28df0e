"""Moments, as people write them, and what they stand for.

    NAME                    a bare name is a conversation; `files/ws`, `settings/user`, `tags/v1` name the other refs,
                            `remotes/origin/conversations/c1` what a remote had when it was last asked
    NAME#3                  the last commit with three events
    NAME~2                  two commits back along first parents; NAME~ is one
    NAME@{2 hours ago}      what the ref was then, by its log; also @{2026-11-01}, @{2026-11-01T10:00:00Z}
    NAME@{2}                what the ref was two steps ago, by its log
    3f2a9c…                 an object by its id or a prefix of at least four digits
    MOMENT:src/app.py       a file at that moment

`#`, `~` and `@{…}` follow one another and are read from left to right, `@{…}` only directly after the name. Inside one
history (`conv.at(…)`) the name is left out, and a plain date or "2 hours ago" means the commits' own time, which is
another question than the log's.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from objstore.errors import AmbiguousId, InvalidRevision, MissingObject, UnknownRevision
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import decode_tag
from objstore.repository.history import as_of, steps_back, with_events
from objstore.repository.repository import Repository
from objstore.repository.undo import value_after

NAMESPACES = ("conversations", "files", "settings", "tags")
_TRACKED = re.compile(rf"remotes/[^/]+/(?:{'|'.join(NAMESPACES)})/.")
_NAME = re.compile(r"(?:(?!@\{)[^#~:])+")
_STEP = re.compile(r"#(?P<events>\d{1,18})|~(?P<back>\d{0,18})|@\{(?P<log>[^}]*)\}", re.ASCII)
_MAX_DIGITS = 18
_ID = re.compile(r"[0-9a-f]{4,64}", re.ASCII)
_AGO = re.compile(r"(?:(\d{1,9}|an?) ?(second|sec|s|minute|min|m|hour|h|day|d|week|w|month|year)s? ago|now|yesterday)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # "20261101" could be an id
_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600} | {
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "week": 604800,
    "month": 2592000,
    "year": 31536000,
}


_KINDS = {
    Kind.BLOB: "a blob",
    Kind.CHUNKS: "a blob",
    Kind.TREE: "a tree",
    Kind.EVENT: "an event",
    Kind.INDEX: "an index node",
}


class Moment(NamedTuple):
    """A parsed moment: the name (or "" within one history), the steps after it, and the path (None: no path)."""

    text: str
    name: str
    steps: tuple[tuple[str, str], ...]
    path: str | None


def parse_moment(text: str) -> Moment:
    """Split a text into its parts. InvalidRevision."""
    if not text:
        raise InvalidRevision(text, "it is empty")
    name = _NAME.match(text)
    position = 0 if name is None else name.end()
    steps: list[tuple[str, str]] = []
    while position < len(text) and text[position] != ":":
        step = _STEP.match(text, position)
        if step is None:
            if text.startswith("@{", position):
                raise InvalidRevision(text, "the brace is not closed")
            raise InvalidRevision(text, f"{text[position:]!r} is no step. Steps are #3, ~2, @{{2 hours ago}}")
        kind = step.lastgroup or ""
        if kind == "log" and steps:
            raise InvalidRevision(text, "@{…} asks the log of a ref, so it comes directly after the name")
        steps.append((kind, step[kind]))
        position = step.end()
    path = text[position + 1 :] if position < len(text) else None
    return Moment(text, "" if name is None else name[0], tuple(steps), path)


def parse_time(text: str, now: int) -> int | None:
    """A point in time in µs: ISO 8601 (UTC unless it says otherwise), "yesterday", "2 hours ago"; None if it is none."""
    text = text.strip().lower()
    ago = _AGO.fullmatch(text)
    if ago is not None:
        if text == "now":
            return now
        if text == "yesterday":
            return now - 86400 * 1_000_000
        count = 1 if ago[1] in ("a", "an") else int(ago[1])
        return now - count * _SECONDS[ago[2]] * 1_000_000
    if _DATE.match(text) is None:
        return None
    try:
        return microseconds(datetime.fromisoformat(text.upper()))
    except ValueError:
        return None


def microseconds(when: datetime) -> int:
    """A datetime in µs since 1970 UTC; one without a zone is taken as UTC."""
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def ref_name(name: str) -> str:
    """The full ref name of a name: a bare one is a conversation's."""
    full = name.partition("/")[0] in NAMESPACES and "/" in name
    return name if full or _TRACKED.match(name) else f"conversations/{name}"


def resolve(repo: Repository, moment: Moment) -> Oid:
    """The commit that a moment with a name stands for. UnknownRevision, AmbiguousId."""
    ref = repo.storage.refs.get(ref_name(moment.name)) if moment.name else None
    if ref is not None:
        return resolve_in(repo, ref.name, peel(repo, Oid(ref.value)), moment)
    if moment.steps[:1] and moment.steps[0][0] == "log" and moment.name:  # a deleted ref still has its log
        return resolve_in(repo, ref_name(moment.name), None, moment)
    if _ID.fullmatch(moment.name):
        return resolve_in(repo, "", peel(repo, find_id(repo, moment.name)), moment)
    raise UnknownRevision(moment.text, f"there is no conversation or ref {moment.name!r}, nor an object of that id")


def resolve_in(repo: Repository, ref: str, head: Oid | None, moment: Moment) -> Oid:
    """The commit after the moment's steps, from `head` of the ref `ref`. UnknownRevision."""
    oid = head
    for kind, value in moment.steps:
        if kind == "log":
            oid = _from_log(repo, ref, value, moment.text)
            continue
        if oid is None:
            break
        if kind == "back":
            oid = steps_back(repo, oid, int(value or 1))
            continue
        try:
            oid = with_events(repo, oid, int(value))
        except IndexError:
            events = repo.commit(oid).events
            raise UnknownRevision(moment.text, f"there are {events} events at this moment") from None
    if oid is None:
        raise UnknownRevision(moment.text, "nothing was there yet")
    return oid


def as_of_time(repo: Repository, head: Oid, time: int, text: str) -> Oid:
    """The commit of a history that was its newest at a time, by the commits' own clock. UnknownRevision."""
    found = as_of(repo, head, time)
    if found is None:
        raise UnknownRevision(text, "nothing was there yet")
    return found


def find_id(repo: Repository, digits: str) -> Oid:
    """The object whose id begins with these hex digits. UnknownRevision, AmbiguousId."""
    odd = len(digits) % 2 == 1
    found = repo.storage.find_ids(bytes.fromhex(digits + "0" * odd), odd, 11)
    if not found:
        raise UnknownRevision(digits, "no object has an id that begins so")
    if len(found) > 1:
        raise AmbiguousId(digits, tuple(oid.hex() for oid in found[:10]))
    return found[0]


def peel(repo: Repository, oid: Oid) -> Oid:
    """The commit that an object names: itself, or what a tag points to. UnknownRevision: it is neither."""
    while True:
        try:
            obj = repo.storage.read(oid)
        except MissingObject:
            raise UnknownRevision(oid.hex(), "no such object") from None
        if obj.kind is Kind.COMMIT:
            return oid
        if obj.kind is not Kind.TAG:
            raise UnknownRevision(oid.hex(), f"its object is {_KINDS[obj.kind]}, not a commit")
        oid = decode_tag(obj.payload).target


def _from_log(repo: Repository, ref: str, value: str, text: str) -> Oid:
    refs = repo.storage.refs
    if value.isdecimal():
        newest = next(iter(refs.log(ref)), None)
        steps = int(value) if len(value) <= _MAX_DIGITS else 10**_MAX_DIGITS
        sequence = (0 if newest is None else newest.last) - steps
        found = value_after(repo, ref, sequence) if sequence > 0 else None
    else:
        time = parse_time(value, repo.now())
        if time is None:
            raise InvalidRevision(text, f"{value!r} is neither a number nor a time")
        found = value_at_time(repo, ref, time)
    if found is None:
        raise UnknownRevision(text, "the ref was not there then, or its log does not reach so far")
    return peel(repo, found)


def value_at_time(repo: Repository, ref: str, time: int) -> Oid | None:
    """What a ref was at a time (µs since 1970) by its log; None: it was absent, or its log does not reach so far."""
    entry = repo.storage.refs.entry_at_time(ref, time)
    if entry is None or entry.new is None:
        return None
    new = Oid(entry.new)
    if entry.last == entry.first or entry.ended <= time:
        return new
    # Within a run the steps are commits, noted at the commits' own times; the run's first is the least that was there.
    first = steps_back(repo, new, entry.last - entry.first)
    found = as_of(repo, new, time)
    return found if found is not None and repo.commit(found).place > repo.commit(first).place else first
