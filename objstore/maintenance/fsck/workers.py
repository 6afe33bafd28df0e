"""Processes that check frames, beside the one that leads: decoding holds the interpreter's lock, so threads do not help.

A worker is a fresh interpreter that reads `Assignment` and then portions from its standard input and answers on its
standard output, in pickles; it ends when its input does. (`multiprocessing` would run the caller's main module again.)
A worker that cannot be started or does not answer is done without: its portion is checked here.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Self

from objstore.maintenance.fsck.frames import FrameReport, check_frame
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Oid
from objstore.packs.compression import Compression
from objstore.storage.local.frames import FrameCodec
from objstore.storage.local.soundness import PackReader, Places

_WORTH: Final = 4 << 20  # Bytes of packs below which a process costs more than it spares.
_MOST: Final = 8
_CODE: Final = "import sys; sys.path[:] = {path!r}; from objstore.maintenance.fsck.workers import serve; serve()"
_FAULTS = (OSError, EOFError, ValueError, pickle.PickleError)


class Assignment(NamedTuple):
    """What a worker needs to know of a store."""

    packs: Path
    hasher: Hasher
    dictionaries: list[bytes]
    apart: Collection[Oid]


class Portion(NamedTuple):
    """Frames of a pack, and the records of the pack that do not count."""

    pack: str
    dead: Places
    frames: range


class Workers:
    """As many processes as there are processors, started when they are needed. Safe between threads."""

    def __init__(self, packs: Path, hasher: Hasher, dictionaries: list[bytes] | None, apart: Collection[Oid]) -> None:
        """`dictionaries`: None where they are not known, and nobody else could read the packs."""
        self.count = min(os.cpu_count() or 1, _MOST)
        """How many portions are worked on at a time."""
        self.worth = _WORTH
        """Bytes of packs from which on workers are worth their start."""
        self._apart = apart
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._alive: list[_Worker] = []
        alone = self.count == 1 or dictionaries is None or not sys.executable or getattr(sys, "frozen", False)
        self._assignment = None if alone else Assignment(packs, hasher, dictionaries or [], apart)
        for _ in range(self.count):
            self._idle.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dismiss()

    def dismiss(self) -> None:
        """End the processes; what is asked for later is done here."""
        self._assignment = None
        for worker in self._alive:
            worker.close()
        self._alive.clear()

    def check(self, pack: PackReader, frames: range) -> list[FrameReport]:
        """Check frames of a pack."""
        worker = self._idle.get()
        try:
            if self._assignment is not None:
                worker = worker or self._start(self._assignment)
                return worker.check(Portion(pack.name, pack.dead, frames))
        except _FAULTS:
            self._assignment = None  # One that fails is enough: whatever the reason, here is where it works.
        finally:
            self._idle.put(worker)
        return [check_frame(pack, number, self._apart) for number in frames]

    def _start(self, assignment: Assignment) -> _Worker:
        worker = _Worker(assignment)
        self._alive.append(worker)
        return worker


class _Worker:
    """One process."""

    def __init__(self, assignment: Assignment) -> None:
        """Start it. OSError."""
        code = _CODE.format(path=sys.path)
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=nowhere)
        try:
            self._send(assignment)
        except BaseException:
            self.close()
            raise

    def check(self, portion: Portion) -> list[FrameReport]:
        """Have frames checked. OSError, EOFError, ValueError, pickle.PickleError: it does not answer."""
        self._send(portion)
        assert self._process.stdout is not None
        return pickle.load(self._process.stdout)

    def _send(self, message: object) -> None:
        assert self._process.stdin is not None
        send(message, self._process.stdin)

    def close(self) -> None:
        """End it and wait for its end."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass  # What was not sent was not read either.
        self._process.wait()


def send(message: object, pipe: IO[bytes]) -> None:
    """Write a message whole."""
    pickle.dump(message, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def serve() -> None:
    """The whole life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Who leads decides when it is over.
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        assignment: Assignment = pickle.load(source)
        codec = FrameCodec(assignment.hasher, Compression(assignment.dictionaries))
        reader: PackReader | None = None
        while True:
            portion: Portion = pickle.load(source)
            if reader is None or reader.name != portion.pack:
                reader = PackReader(assignment.packs, portion.pack, codec, portion.dead)
            send([check_frame(reader, number, assignment.apart) for number in portion.frames], answers)
    except (EOFError, BrokenPipeError):
        sys.stdout = None  # Its buffer cannot be flushed where nobody reads.
