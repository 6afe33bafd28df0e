"""The command line as a user runs it: a process of its own, in a folder, perhaps on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.processes import environment

COMMAND = [sys.executable, "-m", "objstore.cli.main"]
_UNSET = ("OBJSTORE", "OBJSTORE_DEBUG", "NO_COLOR", "PAGER", "OBJSTORE_PAGER", "LESS", "COLUMNS", "LINES")


class Ended(NamedTuple):
    """What a call printed on both outputs, and its exit code."""

    out: str
    err: str
    code: int


def surroundings(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """An environment in which nothing of this machine's user counts."""
    found = {name: value for name, value in environment().items() if name not in _UNSET}
    found["OBJSTORE_AUTHOR"] = "ada"
    for name, value in (changes or {}).items():
        found.pop(name, None)
        if value is not None:
            found[name] = value
    return found


def call(
    folder: Path, *words: str | bytes, code: int = 0, env: Mapping[str, str | None] | None = None, **options: Any
) -> Ended:
    """Run a call; its exit code must be `code`, and it never shows a traceback. `options` go to subprocess.run."""
    given = {"stdin": subprocess.DEVNULL} if "input" not in options else {}
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env=surroundings(env),
        check=False,
        timeout=120,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given, **options},
    )
    ended = Ended(_text(done.stdout), _text(done.stderr), done.returncode)
    assert "Traceback" not in ended.err, ended.err
    assert "fault of objstore's own" not in ended.err, ended.err
    assert ended.code == code, ended
    return ended


def _text(output: bytes | None) -> str:
    return "" if output is None else output.decode("utf-8", "surrogateescape")


def on_terminal(folder: Path, *words: str, columns: int = 80, env: Mapping[str, str | None] | None = None) -> Ended:
    """Run a call on a terminal so wide; both outputs come as one, as they would stand on the screen."""
    leader, follower = pty.openpty()
    os.set_blocking(leader, False)
    _set_width(follower, columns)
    child = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=surroundings({"TERM": "xterm-256color", **(env or {})}),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    output = b""
    while True:
        ready, _, _ = select.select([leader], [], [], 60)
        assert ready, (output, "no more output within a minute")
        try:
            data = os.read(leader, 1 << 16)
        except OSError:  # Linux: the other end is closed.
            break
        if not data:
            break
        output += data
    os.close(leader)
    return Ended(output.decode().replace("\r\n", "\n"), "", child.wait(60))


def _set_width(terminal: int, columns: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
