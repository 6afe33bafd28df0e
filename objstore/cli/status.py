"""Bare `objstore`: where the store is, what it holds, what happened last, and the next useful command."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from objstore.cli.exit_codes import UNUSABLE
from objstore.cli.failed import Failed
from objstore.cli.session import Session
from objstore.cli.wording import plural, quoted

if TYPE_CHECKING:
    from objstore.store import Store
    from refs.protocol import LogEntry

_NOUNS: Mapping[str, str] = {
    "conversations": "conversation",
    "files": "workspace",
    "settings": "settings",
    "tags": "tag",
}
_RECENT = 100
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def show_status(current: Session) -> None:
    """Print it. Failed, in words for a newcomer, where there is no store."""
    from objstore.errors import NotAStore

    try:
        store = current.open()
    except NotAStore as error:
        text = f"{error}. To see first what it does: objstore demo"
        raise Failed(text, UNUSABLE) from None
    with store:
        counts = {space: sum(1 for _ in store.refs.find(f"{space}/")) for space in _NOUNS}
        last = next((entry for operation in islice(store.operations(), 1) for entry in operation.entries), None)
        step, due = _next(store), _repack_is_due(store)
        facts = {"store": store.place, **counts, "last": None if last is None else _facts(last), "next": step}
        facts["repack_due"] = due
        lines = [f"Store {store.place}: {_held(counts)}"]
        if last is not None:
            lines.append(f"Last change: {last.why} of {last.name} by {last.who}, {ago(last.ended)}")
        if due:
            lines.append("Much lies in the journal and takes more room than it has to: objstore repack")
        current.show(facts, "\n".join([*lines, f"Next: {step}"]))


def _repack_is_due(store: Store) -> bool:
    from objstore.maintenance.repack.auto import is_due
    from objstore.storage.local.storage import LocalStorage

    return isinstance(store.storage, LocalStorage) and is_due(store.storage)


def _held(counts: Mapping[str, int]) -> str:
    held = [_counted(count, _NOUNS[space]) for space, count in counts.items() if count]
    return ", ".join(held) if held else "nothing yet"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if noun.endswith("s") else plural(count, noun)


def _facts(entry: LogEntry) -> dict[str, object]:
    return {"ref": entry.name, "why": entry.why, "who": entry.who, "time": entry.ended}


def _next(store: Store) -> str:
    """The command that leads on: to the conversation that changed last, or to the first history."""
    for operation in islice(store.operations(), _RECENT):
        for entry in operation.entries:
            space, _, name = entry.name.partition("/")
            if space == "conversations" and name in store.conversations:
                return f"objstore log {quoted(name)}"
    first = next(iter(store.conversations.find(limit=1)), None)
    if first is not None:
        return f"objstore log {quoted(first.name)}"
    return "objstore import PATH (or, to try it: objstore import --samples)"


def ago(microseconds: int) -> str:
    """How long ago a time in µs since 1970 was, in words."""
    seconds = max(0, int(time.time() - microseconds / 1e6))
    for size, noun in _UNITS:
        if seconds >= size:
            return f"{plural(seconds // size, noun)} ago"
    return "just now"
