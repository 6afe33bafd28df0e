"""Printing what changed between two moments."""

from __future__ import annotations

import difflib
import json
import stat
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from objstore.cli.rendering import summary
from objstore.cli.session import Session

if TYPE_CHECKING:
    from objstore.conversations.view import ConversationView
    from objstore.files.view import FilesView
    from objstore.objects.trees import Change, Entry
    from objstore.settings.view import SettingsView
    from objstore.store import Store

_LARGEST_TEXT = 1 << 20
_MOST_LINES = 20_000  # difflib's time grows with the square of what differs.
_NO_NEWLINE = "\\ No newline at end of file"


def show_difference(current: Session, store: Store, a: str, b: str, path: str) -> None:
    """Print what changed from moment `a` to moment `b`; with a path only in that file or folder ("src/")."""
    old, new = store.view(a), store.view(b)
    found = store.diff(old.commit, new.commit)
    if not path:
        _show_events(current, old, new, found.events.common)
    for change in found.files:
        name = change.key.decode(errors="replace")
        if not path or name == path or (path.endswith("/") and name.startswith(path)):
            _show_file(current, old.files, new.files, name, change)
    if not path:
        for change in found.settings:
            _show_setting(current, old.settings, new.settings, change)
        for name, (before, after) in found.metadata.items():
            _show_metadata(current, name, before, after)


def _show_metadata(current: Session, name: str, before: object, after: object) -> None:
    if current.as_json:
        current.show({"metadata": name, "old": before, "new": after}, "")
        return
    current.say(f"metadata: {name}", "bold")
    for sign, value, style in (("-", before, "red"), ("+", after, "green")):
        if value is not None:
            current.say(f"{sign} {name} = {json.dumps(value, ensure_ascii=False)}", style)


def _show_events(current: Session, old: ConversationView, new: ConversationView, common: int) -> None:
    if len(old) == len(new) == common:
        return
    text = f"events: {common} shared, {len(old) - common} removed, {len(new) - common} added"
    facts = {"events": {"common": common, "removed": len(old) - common, "added": len(new) - common}}
    current.show(facts, text, "bold")
    for view, sign, word, style in ((old, "-", "removed", "red"), (new, "+", "added", "green")):
        for number, event in enumerate(view[common:], common):
            current.show({word: number, "value": event}, f"{sign} #{number + 1} {summary(event)}", style)


def _show_file(current: Session, old: FilesView, new: FilesView, name: str, change: Change) -> None:
    lines = _unified(old, new, name, change)
    if current.as_json:
        facts = {"file": name, "old": _entry(change.old), "new": _entry(change.new)}
        current.show({**facts, "diff": None if lines is None else "\n".join(lines)}, "")
        return
    current.say(f"{_verb(change)}: {name}", "bold")
    for line in [_sizes(change)] if lines is None else lines:
        current.say(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], ""))


def _verb(change: Change) -> str:
    if change.old is None:
        return "added"
    if change.new is None:
        return "deleted"
    modes = "" if change.old.mode == change.new.mode else f" (mode {change.old.mode:o} to {change.new.mode:o})"
    return f"changed{modes}"


def _sizes(change: Change) -> str:
    sizes = ["nothing" if entry is None else f"{entry.size:,} bytes" for entry in (change.old, change.new)]
    return f"not shown as text: {sizes[0]} before, {sizes[1]} after"


def _unified(old: FilesView, new: FilesView, name: str, change: Change) -> list[str] | None:
    """The lines of a unified diff ([] where only the mode differs); None: not text, or too much of it."""
    if change.old is not None and change.new is not None and change.old.oid == change.new.oid:
        return []
    before, after = _text(old, name, change.old), _text(new, name, change.new)
    if before is None or after is None:
        return None
    labels = (f"a/{name}" if change.old else "/dev/null", f"b/{name}" if change.new else "/dev/null")
    return list(_terminated(difflib.unified_diff(before, after, *labels)))


def _terminated(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.endswith("\n"):
            yield line[:-1]
        else:
            yield line
            yield _NO_NEWLINE


def _text(view: FilesView, name: str, entry: Entry | None) -> list[str] | None:
    if entry is None:
        return []
    if entry.size > _LARGEST_TEXT or stat.S_ISDIR(entry.mode):
        return None
    data = view.read(name)
    if b"\0" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1:] = [lines[-1][:-1]] if text and not text.endswith("\n") else []
    return lines if len(list(islice(lines, _MOST_LINES + 1))) <= _MOST_LINES else None


def _entry(entry: Entry | None) -> dict[str, object] | None:
    return None if entry is None else {"mode": f"{entry.mode:o}", "size": entry.size, "oid": entry.oid.hex()}


def _show_setting(current: Session, old: SettingsView, new: SettingsView, change: Change) -> None:
    key = change.key.decode()
    facts: dict[str, object] = {"setting": key}
    lines: list[tuple[str, str]] = []
    for view, entry, word, sign, style in (
        (old, change.old, "old", "-", "red"),
        (new, change.new, "new", "+", "green"),
    ):
        if entry is not None:
            facts[word] = view.get(key)
            lines.append((f"{sign} {key} = {json.dumps(facts[word], ensure_ascii=False)}", style))
    if current.as_json:
        current.show(facts, "")
        return
    current.say(f"settings: {key}", "bold")
    for line, style in lines:
        current.say(line, style)
