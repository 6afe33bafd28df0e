"""Paths of a file store: what the caller writes, and the key that it stands for below the root."""

from __future__ import annotations

import posixpath
import re
from typing import Final, NamedTuple

STATE: Final = "base_state.json"
EVENTS: Final = "events"

_EVENT = re.compile(r"events/event-(?P<number>\d{5,18})-(?P<id>[^/]+)\.json", re.ASCII)
_MARKER = re.compile(r"events/\.eventlog-len-(?P<length>\d{1,18})\.marker", re.ASCII)
_ANY_MARKER = re.compile(r"(?:.*/)?\.eventlog-len-\d{1,18}\.marker", re.ASCII)


class EventPath(NamedTuple):
    """The number and the id that the path of an event's file names."""

    number: int
    id: str


def key_of(path: str) -> str:
    """The path below the root, with "/" between names; "" is the root. ValueError: it leads out of the root."""
    if "\0" in path:
        raise ValueError("embedded null byte")
    key = posixpath.normpath(path.replace("\\", "/").removeprefix("/") or ".")
    if key == ".." or key.startswith(("../", "/")):
        raise ValueError(f"path escapes filestore root: {path}")
    return "" if key == "." else key


def event_path(key: str) -> EventPath | None:
    """What an event's file is called after, or None for any other file."""
    match = _EVENT.fullmatch(key)
    if match is None:
        return None
    found = EventPath(int(match["number"]), match["id"])
    return found if key == event_key(*found) else None


def event_key(number: int, event_id: str) -> str:
    """Where the file of an event is."""
    return f"{EVENTS}/event-{number:05d}-{event_id}.json"


def marked_length(key: str) -> int | None:
    """The number of events that a marker of the event log names, or None for another file."""
    match = _MARKER.fullmatch(key)
    return None if match is None else int(match["length"])


def is_marker(key: str) -> bool:
    """Whether it is a marker, of whatever event log: these are never kept."""
    return _ANY_MARKER.fullmatch(key) is not None
