"""What every command needs: which store, and whether to print for people or for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.exit_codes import UNUSABLE, USAGE
from objstore.cli.failed import Failed
from objstore.cli.terminal import Terminal, visible, working

if TYPE_CHECKING:
    from objstore.repository.commit import CommitInfo
    from objstore.store import Store

FOLDER = ".objstore"
_PATIENCE = 30


class Session:
    """One call of the command line. `given` is the store's folder if one was named; output is JSON with `as_json`."""

    def __init__(self, given: str | None, as_json: bool) -> None:
        self.given = given
        self.as_json = as_json
        self.terminal = Terminal()

    def open(self, accept_older: bool = False) -> Store:
        """Open the store; `accept_older`: even if an older copy was put in its place. Failed, NotAStore and its kin."""
        from objstore.cli.unlocking import open_unlocked

        author = os.environ.get("OBJSTORE_AUTHOR") or os.environ.get("USER") or "user"
        return open_unlocked(find_store(self.given), author, _lock_timeout(), accept_older)

    def show(self, facts: Mapping[str, object], text: str, style: str = "") -> None:
        """Print one thing: a line of JSON with --json, else the text, on a terminal in a style ("bold green")."""
        if self.as_json:
            click.echo(json.dumps(facts))
        else:
            self.say(text, style)

    def row(self, facts: Mapping[str, object], text: str) -> None:
        """Print one thing of a list: as `show`, cut to the width of a terminal."""
        self.show(facts, self.terminal.cut(visible(text)))

    def say(self, text: str, style: str = "") -> None:
        """Print text for people. Control characters are shown, not sent: agents' output is no friend of terminals."""
        click.echo(self.terminal.styled(visible(text), style), color=self.terminal.colours)

    def warn(self, text: str) -> None:
        """Tell people beside the output."""
        click.echo(visible(text), err=True)

    def paged(self) -> AbstractContextManager[None]:
        """Where a person looks at a terminal: what is printed goes through a pager."""
        return nullcontext() if self.as_json else self.terminal.paged()

    def working(self, text: str) -> AbstractContextManager[None]:
        """Show that something takes its time; print nothing meanwhile."""
        return nullcontext() if self.as_json else working(text)


session = click.make_pass_decorator(Session)


def _lock_timeout() -> float:
    """Seconds to wait for other writers. Failed: OBJSTORE_LOCK_TIMEOUT is no number."""
    given = os.environ.get("OBJSTORE_LOCK_TIMEOUT", "")
    try:
        seconds = float(given or _PATIENCE)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e9:
        raise Failed(f"OBJSTORE_LOCK_TIMEOUT is {given!r}; it takes seconds, such as 5", USAGE)
    return seconds


def find_store(given: str | None) -> Path:
    """The store's folder: the one named, or `.objstore` here or above. Failed, NotAStore."""
    if given:
        return _check_given(Path(given))
    from objstore.errors import NotAStore

    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FOLDER / "format").exists():
            return folder / FOLDER
    raise NotAStore(str(here))


def _check_given(place: Path) -> Path:
    if (place / "format").exists():
        return place
    if (place / FOLDER / "format").exists():
        raise Failed(f"{place} is no store, but {place / FOLDER} is one. Name that", UNUSABLE)
    raise Failed(f"no store in {place}. Run: objstore --store {place} init", UNUSABLE)


def commit_facts(commit: CommitInfo) -> dict[str, object]:
    """A commit for programs."""
    return {
        "id": commit.id,
        "parents": [parent.hex() for parent in commit.parents],
        "events": commit.events,
        "author": commit.author,
        "time": commit.time,
        "message": commit.message,
    }


def commit_line(commit: CommitInfo, about: str = "") -> str:
    """A commit for people, in one line; `about` stands in for a message."""
    return f"{commit.id[:12]}  #{commit.events:<5}  {time_text(commit.time)}  {commit.message or about}".rstrip()


def time_text(time: int) -> str:
    """A time in µs since 1970, in UTC."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).strftime("%Y-%m-%d %H:%M:%S")


def show_commit(current: Session, commit: CommitInfo) -> None:
    """Print one commit."""
    current.row(commit_facts(commit), commit_line(commit))
