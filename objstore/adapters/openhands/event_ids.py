"""Which event of a conversation has which id: kept beside the store, so that opening need not read every event.

A line for each event: its number, the beginning of its commit's id, its own id. A commit's id covers everything before
it, so one look at the store tells whether a line and all above it are true; what is not, is read from the events
again. The file is derived: without it, opening takes longer.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from objstore.conversations.view import ConversationView, EventEntry
from objstore.objects.kinds import Oid

_LINE = re.compile(rb"(\d+) ([0-9a-f]{16}) ([^\x00-\x20/]+)\n")
_NAME = re.compile(r"[^\x00-\x20/]+")


class EventIds:
    """The ids of the events of one conversation, by number. Its owner guards it."""

    def __init__(self, file: Path | None) -> None:
        """`file`: where to keep them; None: nowhere."""
        self._file = file
        self._ids: list[str] = []
        self._commits: list[str] = []
        self._handle = -1
        self._seen: Oid | None = None  # The commit whose events these are, if it is known.
        if file is not None:
            self._load(file)

    def of(self, view: ConversationView) -> list[str]:
        """The ids of a view's events; not to be changed. MissingObject, CorruptObject."""
        commit = view.commit.oid
        if commit == self._seen:
            return self._ids
        known = self._agreed(view)
        if known < len(self._ids):
            self._forget(known)
        for entry in view.entries(known):
            self.add(entry.number, id_of(entry), entry.commit.oid)
        self._seen = commit
        return self._ids

    def add(self, number: int, event_id: str, commit: Oid) -> None:
        """Take note of an event that was added behind those known."""
        if number != len(self._ids):
            return  # `of` will read what is missing.
        mark = commit.hex()[:16]
        self._ids.append(event_id)
        self._commits.append(mark)
        self._seen = commit
        if self._file is not None:
            with suppress(OSError):  # It is only kept for speed.
                self._write(self._file, f"{number} {mark} {event_id}\n".encode())

    def no_news(self, before: Oid, after: Oid) -> None:
        """A commit was made behind another without adding an event."""
        if self._seen == before:
            self._seen = after

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _agreed(self, view: ConversationView) -> int:
        """How many of the events known are those of the view."""
        low, high = 0, min(len(self._ids), len(view))
        if high and self._is_at(view, high - 1):
            return high
        while low < high:
            middle = (low + high) // 2
            if self._is_at(view, middle):
                low = middle + 1
            else:
                high = middle
        return low

    def _is_at(self, view: ConversationView, number: int) -> bool:
        return view.event_info(number).oid.hex()[:16] == self._commits[number]

    def _forget(self, known: int) -> None:
        del self._ids[known:]
        del self._commits[known:]
        self.close()
        if self._file is None:
            return
        rows = zip(self._commits, self._ids, strict=True)
        text = "".join(f"{number} {commit} {name}\n" for number, (commit, name) in enumerate(rows))
        with suppress(OSError):
            fresh = self._file.with_suffix(f".{os.getpid()}.new")
            fresh.write_bytes(text.encode())
            os.replace(fresh, self._file)

    def _load(self, file: Path) -> None:
        try:
            data = file.read_bytes()
        except OSError:
            return
        rows: dict[int, tuple[str, str]] = {}
        end = 0
        with suppress(UnicodeDecodeError):
            while match := _LINE.match(data, end):
                end = match.end()
                rows[int(match[1])] = match[2].decode(), match[3].decode()
        for number in range(len(rows)):
            row = rows.get(number)
            if row is None:
                break
            self._commits.append(row[0])
            self._ids.append(row[1])
        if end < len(data) or len(self._ids) < len(rows):
            self._forget(len(self._ids))  # A line that was cut short would spoil the one that is written behind it.

    def _write(self, file: Path, line: bytes) -> None:
        if self._handle < 0:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.write(self._handle, line)


def id_of(entry: EventEntry) -> str:
    """The id that an event gives itself; one that another writer put there without an id is called by its commit."""
    found = entry.value.get("id") if isinstance(entry.value, dict) else None
    return found if isinstance(found, str) and _NAME.fullmatch(found) else entry.commit.oid.hex()
