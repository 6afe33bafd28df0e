"""Where the demo plays: a folder, and commands that are shown as a user types them, run, and shown with their output."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import click

from objstore.cli.demo_failed import DemoFailed

if TYPE_CHECKING:
    from objstore.store import Store

_AUTHOR = "demo"


class Stage:
    """A context manager: within it, the working directory is `folder` and commands find the store there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / ".objstore"
        self._number = 0
        self._leave = contextlib.ExitStack()

    def __enter__(self) -> Stage:
        self._leave.enter_context(contextlib.chdir(self.folder))
        before = {name: os.environ.get(name) for name in ("OBJSTORE", "OBJSTORE_AUTHOR", "OBJSTORE_KEYS")}
        self._leave.callback(_set_environment, before)
        keys = str(self.folder / ".keys")  # A store that is gone in a minute leaves nothing in the user's own folder.
        _set_environment({"OBJSTORE": None, "OBJSTORE_AUTHOR": _AUTHOR, "OBJSTORE_KEYS": keys})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave.close()

    def title(self, text: str) -> None:
        """Begin a part."""
        self._number += 1
        click.echo("\n" + click.style(f"{self._number}. {text}", bold=True))

    def say(self, text: str) -> None:
        """Tell something between commands."""
        click.echo("\n".join(f"   {line}" for line in text.split("\n")))

    def run(self, command: str, code: int = 0, last: int | None = None) -> str:
        """Show a command, run it, show its output (of which only the `last` lines) and return all of it.

        DemoFailed: its exit code is not `code`.
        """
        click.echo(click.style(f"   $ objstore {command}", fg="green"))
        output = self.quietly(command, code)
        lines = output.rstrip("\n").split("\n")
        shown = lines if last is None or len(lines) <= last else ["…", *lines[-last:]]
        for line in shown if lines != [""] else []:
            click.echo(f"   {line}".rstrip())
        return output

    def quietly(self, command: str, code: int = 0) -> str:
        """Run a command and return its output. DemoFailed: its exit code is not `code`."""
        from objstore.cli.commands import run

        sys.stdout.flush()
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            ended = run(shlex.split(command))
        check(ended == code, f"objstore {command} ends with exit code {code} (it was {ended})")
        output.seek(0)
        return output.read()

    def opened(self) -> Store:
        """The store, from Python."""
        import objstore

        return objstore.open(self.store, author=_AUTHOR)


def check(true: bool, what: str) -> None:
    """DemoFailed if a promise was not kept."""
    if not true:
        raise DemoFailed(what)


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
