"""`stats`: how much there is, and where the bytes are, with bars on a terminal and off it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import NamedTuple

import click

from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session

_BAR = 30
_EIGHTHS = " ▏▎▍▌▋▊▉"


class Row(NamedTuple):
    """A line of a plot: its name, its bytes, and words behind the bar."""

    name: str
    size: int
    words: str


_LABELS = {
    "conversations": "conversations",
    "events": "events in them, counted along each one",
    "workspaces": "workspaces (files/NAME)",
    "settings": "settings (settings/NAME)",
    "tags": "tags",
    "objects": "distinct objects",
    "payload": "bytes of these objects",
    "stored": "bytes on disk",
    "referenced": "bytes of events and files if nothing were shared",
}


@click.command(cls=PlainCommand)
@click.option(
    "--by",
    "by",
    type=click.Choice(["conversation", "ref", "kind", "sharing"]),
    help="Where the bytes are, largest first.",
)
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many lines of --by.")
@session
def stats(current: Session, by: str | None, limit: int | None) -> None:
    """Show how much there is: counts and bytes.

    With --by where the bytes are, before compression. What a conversation alone keeps (exclusive) would become free
    with it; its content is what its events and files hold, shared or not.
    """
    with current.open() as store:
        if by is None:
            facts = store.stats()._asdict()
            current.show(facts, "\n".join(f"{value:>15,}  {_LABELS[name]}" for name, value in facts.items()))
            return
        used = store.usage()
    if by == "kind":
        rows = [Row(kind, size, f"{count:,} objects") for kind, (count, size) in used.kinds.items()]
    elif by == "sharing":
        alone = sum(ref.exclusive for ref in used.refs)
        parts = (("one ref alone", alone), ("several refs", used.shared), ("logs alone", used.logs))
        rows = [Row(name, size, "") for name, size in (*parts, ("nothing", used.free))]
    else:
        rows = [
            Row(
                ref.ref.removeprefix("conversations/"),
                ref.exclusive,
                f"{ref.events:,} events, content {text(ref.content)}",
            )
            for ref in used.refs
            if by == "ref" or ref.ref.startswith("conversations/")
        ]
    rows.sort(key=lambda row: -row.size)
    lines = plot(rows[:limit], used.payload)
    for row, line in zip(rows[:limit], lines, strict=True):
        current.show({by: row.name, "bytes": row.size, "about": row.words}, line)


def plot(rows: Iterable[Row], total: int) -> Iterable[str]:
    """A line for each row: name, bytes, share of the total, a bar, words."""
    rows = list(rows)
    room = max(20, shutil.get_terminal_size().columns - _BAR - 60)
    width = min(room, max((len(row.name) for row in rows), default=0))
    most = max((row.size for row in rows), default=0) or 1
    for name, size, words in rows:
        shown = name if len(name) <= width else f"{name[: width - 1]}…"
        share = 100 * size / total if total else 0
        yield f"{shown:<{width}}  {text(size):>9}  {share:5.1f} %  {bar(size / most):<{_BAR}}  {words}".rstrip()


def bar(share: float) -> str:
    """A bar of a share from 0 to 1."""
    eighths = round(max(0.0, min(1.0, share)) * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def text(size: int) -> str:
    """Bytes for people."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit takes all")
