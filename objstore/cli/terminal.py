"""What a terminal makes different: colours, its width, a pager for what is long, a sign of life for what takes long.

Nothing here happens where the output is a file, a pipe or --json; NO_COLOR and TERM=dumb are honoured.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from typing import Any, TextIO

import click

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_WORDS = {"bold", "dim", "italic"}


class Terminal:
    """How standard output is to be written, found out once: a pager must not change it."""

    def __init__(self) -> None:
        self.there = is_terminal(sys.stdout)
        dumb = os.environ.get("TERM") == "dumb"
        self.colours = self.there and not dumb and not os.environ.get("NO_COLOR")
        self.columns = shutil.get_terminal_size().columns if self.there else 0

    def styled(self, text: str, style: str) -> str:
        """The text in a style: any of bold, dim and italic, and a colour ("bold green")."""
        if not style or not self.colours:
            return text
        asked: dict[str, Any] = {word: True for word in style.split() if word in _WORDS}
        colour = next((word for word in style.split() if word not in _WORDS), None)
        return click.style(text, fg=colour, **asked)

    def cut(self, line: str) -> str:
        """A line of a list, not longer than the terminal is wide."""
        if not self.there or len(line) <= self.columns:
            return line
        return line[: max(self.columns - 1, 1)].rstrip() + "…"

    @contextlib.contextmanager
    def paged(self) -> Generator[None]:
        """Send what is printed through a pager: OBJSTORE_PAGER, else PAGER, else `less`; none if that is empty or cat."""
        pager = os.environ.get("OBJSTORE_PAGER", os.environ.get("PAGER", "less" if shutil.which("less") else ""))
        if not self.there or pager.strip() in ("", "cat"):
            yield
            return
        # -F: end if it fits on one screen; -R: colours; -X: leave it on the screen. The user's own LESS wins.
        environment = {"LESS": "FRX", **os.environ}
        child = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=environment)
        assert child.stdin is not None
        sys.stdout.flush()
        screen = os.dup(1)
        os.dup2(child.stdin.fileno(), 1)
        try:
            with contextlib.suppress(BrokenPipeError):  # the reader has seen enough
                yield
        finally:
            self._leave_pager(child, screen)

    @staticmethod
    def _leave_pager(child: subprocess.Popen[bytes], screen: int) -> None:
        assert child.stdin is not None
        try:
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.flush()
        finally:
            os.dup2(screen, 1)
            os.close(screen)
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            while True:
                try:
                    child.wait()
                    break
                except KeyboardInterrupt:  # It is the pager's, which may stay.
                    continue


@contextlib.contextmanager
def working(text: str) -> Generator[None]:
    """Show on standard error that something takes its time, where a terminal looks."""
    if not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text

    with Status(Text(visible(text)), console=Console(stderr=True)):
        yield


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; a stream that was closed (None) has none."""
    return stream is not None and stream.isatty()


def visible(text: str) -> str:
    """The text with control characters as \\xNN; lines end in \\n."""
    return text.replace("\r\n", "\n").translate(_CONTROL)
