"""Printing events, files and settings of a moment."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from objstore.cli.content import put_file
from objstore.cli.session import Session
from objstore.cli.values import for_json, for_people
from objstore.conversations.readable import Part, readable

if TYPE_CHECKING:
    from objstore.files.view import FilesView
    from objstore.settings.view import SettingsView

_ROLES: Mapping[str, str] = {
    "user": "bold green",
    "assistant": "bold cyan",
    "agent": "bold cyan",
    "tool": "bold yellow",
}
_FOLD_LINES = 30
_FOLD_TEXT = 2000
_STYLES: Mapping[str, str] = {"text": "", "thought": "italic dim", "call": "yellow", "result": "dim", "data": "dim"}
_SIGNS: Mapping[str, str] = {"call": "→ ", "result": "← "}


def show_event(current: Session, number: int, event: object, *, full: bool = False) -> None:
    """Print event `number` (from 0): JSON whole, or for reading; then long outputs are folded unless `full`."""
    if current.as_json:
        current.show({"event": number, "value": event}, "")
        return
    who, parts = readable(event)
    current.say(f"#{number + 1} {who}", _ROLES.get(who, "bold"))
    for part in parts:
        current.say(_lines(part, full), _STYLES[part.kind])
    current.say("")


def _lines(part: Part, full: bool) -> str:
    label = f"{part.label} " if part.label and part.text else part.label
    said = part.text if full or part.kind == "text" else _folded(part.text)
    text = (_SIGNS.get(part.kind, "") + label + said).replace("\r\n", "\n")
    return "\n".join(f"  {line}".rstrip() for line in text.split("\n"))


def _folded(text: str) -> str:
    """The beginning of a long text, and how much more there is."""
    lines = text.split("\n")
    kept = "\n".join(lines[:_FOLD_LINES])[:_FOLD_TEXT]
    if len(kept) == len(text):
        return text
    rest = len(lines) - kept.count("\n") - 1
    more = f"{rest:,} more lines" if rest > 0 else f"{len(text) - len(kept):,} more characters"
    return f"{kept}\n… {more} (--full shows them)"


def show_files(current: Session, view: FilesView, path: str) -> None:
    """Print a file's bytes; for a folder ("src/", "" for all) the list of its files."""
    if path and not path.endswith("/"):
        put_file(current, view, path)
        return
    for info in view.find(path):
        facts = {"path": info.path, "mode": f"{info.mode:o}", "size": info.size, "oid": info.oid.hex()}
        current.show(facts, f"{stat.filemode(info.mode)}  {info.size:>12,}  {info.path}")


def show_settings(current: Session, view: SettingsView) -> None:
    """Print keys with their values."""
    for key, value in view.values().items():
        current.show({"key": key, "value": for_json(value)}, f"{key} = {for_people(value)}")
