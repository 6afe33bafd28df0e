"""Printing events, files and settings of a moment."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from objstore.cli.content import put_file
from objstore.cli.rendering import Part, readable
from objstore.cli.session import Session
from objstore.cli.values import for_json, for_people

if TYPE_CHECKING:
    from objstore.files.view import FilesView
    from objstore.settings.view import SettingsView

_ROLES: Mapping[str, str] = {
    "user": "bold green",
    "assistant": "bold cyan",
    "agent": "bold cyan",
    "tool": "bold yellow",
}
_STYLES: Mapping[str, str] = {"text": "", "thought": "italic dim", "call": "yellow", "result": "dim", "data": "dim"}
_SIGNS: Mapping[str, str] = {"call": "→ ", "result": "← "}


def show_event(current: Session, number: int, event: object) -> None:
    """Print event `number` (from 0): JSON whole, or for reading."""
    if current.as_json:
        current.show({"event": number, "value": event}, "")
        return
    who, parts = readable(event)
    current.say(f"#{number + 1} {who}", _ROLES.get(who, "bold"))
    for part in parts:
        current.say(_lines(part), _STYLES[part.kind])
    current.say("")


def _lines(part: Part) -> str:
    label = f"{part.label} " if part.label and part.text else part.label
    text = (_SIGNS.get(part.kind, "") + label + part.text).replace("\r\n", "\n")
    return "\n".join(f"  {line}".rstrip() for line in text.split("\n"))


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
