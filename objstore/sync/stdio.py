"""The protocol over the standard input and output of a program: another store behind `ssh`, or behind any command.

The program answers requests one after the other until its input ends, or until it had to give up in the middle of one.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import IO
from urllib.parse import unquote, urlsplit

from objstore.errors import RemoteFailed
from objstore.sync.protocol import HEAD, Failed, type_of
from objstore.sync.service import Service

COMMAND = "objstore serve-stdio"
SSH_VARIABLE = "OBJSTORE_SSH_COMMAND"
"""The environment variable that names another program than ssh, with its arguments."""

_PIECE = 1 << 16
_PATIENCE = 10  # seconds for a program to end after its input did


class Piped:
    """The far side behind a program that runs as a child of this one. Implements `Transport`."""

    def __init__(self, command: Sequence[str], place: str) -> None:
        """RemoteFailed: the program cannot be started."""
        self.place = place
        try:
            self._child = subprocess.Popen(list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        except OSError as error:
            raise RemoteFailed(place, f"{command[0]}: {error.strerror}") from error

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The response, after the whole request was written."""
        to, back = self._pipes()
        with suppress(BrokenPipeError):  # it may have answered before the end, and gone: the answer says why
            for piece in pieces:
                _write(to, piece)
        while piece := back.read(_PIECE):
            yield piece
        code = self._child.wait()
        raise RemoteFailed(self.place, f"{self._child.args[0]} ended with {code}")  # pyright: ignore

    def close(self) -> None:
        """End its input, and wait for it to end; after ten seconds it is ended."""
        to, back = self._pipes()
        with suppress(OSError):
            to.close()
        try:
            self._child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        back.close()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        to, back = self._child.stdin, self._child.stdout
        assert to is not None
        assert back is not None
        return to, back


def ssh_command(url: str, environment: Mapping[str, str]) -> list[str]:
    """The words that reach ssh://[user@]host[:port]/path; a path that begins with /~/ is under the user's home."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    path = path.removeprefix("/~/") if path.startswith("/~/") else path
    host = parts.hostname or ""
    user = f"{unquote(parts.username)}@" if parts.username else ""
    port = ["-p", str(parts.port)] if parts.port else []
    program = shlex.split(environment.get(SSH_VARIABLE, "")) or ["ssh"]
    return [*program, *port, "--", f"{user}{host}", f"{COMMAND} {shlex.quote(path)}"]


def serve(service: Service, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
    """Answer requests until there are no more. `read` gives what is there, at most so many bytes, b"" at the end."""
    while first := read(_PIECE):
        rest = iter(lambda: read(_PIECE), b"")
        failed = False
        for piece in service.answer(chain([first], rest)):
            write(piece)
            failed = _gives_up(piece)
        if failed:
            return  # what is left of the request was not read


def _gives_up(piece: bytes) -> bool:
    """Whether the last message in a piece is FAILED."""
    at = number = 0
    while at < len(piece):
        number, size = HEAD.unpack_from(piece, at)
        at += HEAD.size + size
    return number == type_of(Failed)


def _write(to: IO[bytes], piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[to.write(view) or 0 :]
