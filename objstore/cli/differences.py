"""Printing what changed between two moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objstore.cli.session import Session
from objstore.cli.values import for_json, for_people
from objstore.conversations.readable import summary

if TYPE_CHECKING:
    from objstore.conversations.view import ConversationView
    from objstore.files.patch import FileDiff
    from objstore.objects.trees import Change, Entry
    from objstore.settings.view import SettingsView
    from objstore.store import Store


def show_difference(current: Session, store: Store, a: str, b: str, path: str) -> None:
    """Print what changed from moment `a` to moment `b`; with a path only in that file or folder ("src/")."""
    old, new = store.view(a), store.view(b)
    found = store.diff(old.commit, new.commit)
    if not path:
        _show_events(current, old, new, found.events.common)
    for each in old.files.patch(new.files, path=path):
        _show_file(current, each)
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
            current.say(f"{sign} {name} = {for_people(value)}", style)


def _show_events(current: Session, old: ConversationView, new: ConversationView, common: int) -> None:
    if len(old) == len(new) == common:
        return
    text = f"events: {common} shared, {len(old) - common} removed, {len(new) - common} added"
    facts = {"events": {"common": common, "removed": len(old) - common, "added": len(new) - common}}
    current.show(facts, text, "bold")
    for view, sign, word, style in ((old, "-", "removed", "red"), (new, "+", "added", "green")):
        for number, event in enumerate(view[common:], common):
            current.show({word: number, "value": event}, f"{sign} #{number + 1} {summary(event)}", style)


def _show_file(current: Session, each: FileDiff) -> None:
    if current.as_json:
        facts = {"file": each.path, "kind": each.kind, "old": _entry(each.old), "new": _entry(each.new)}
        if each.kind == "renamed":
            facts |= {"old_file": each.old_path, "similarity": each.similarity}
        current.show({**facts, "diff": None if each.lines is None else "\n".join(each.lines)}, "")
        return
    first, *lines = each.text.removesuffix("\n").split("\n")
    current.say(first, "bold")
    for line in lines:
        current.say(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], ""))


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
            value = view.get(key)
            facts[word] = for_json(value)
            lines.append((f"{sign} {key} = {for_people(value)}", style))
    if current.as_json:
        current.show(facts, "")
        return
    current.say(f"settings: {key}", "bold")
    for line, style in lines:
        current.say(line, style)
