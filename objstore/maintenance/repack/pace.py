"""How fast a repack goes: at full speed, or in short steps with rests, so that it is in nobody's way.

A thread that computes in Python keeps the others of its process from running until the interpreter takes its lock away,
after 5 ms; an append, which gives the lock up at each of its system calls, would wait that long each time. A gentle
repack gives it up every half millisecond instead, and rests.
"""

from __future__ import annotations

import threading
import time
from typing import Final

_STEP: Final = 0.0005
"""Seconds of work between two rests."""
_REST: Final = 0.002
"""Seconds of rest at least: one append and a half."""
_AFTER_WRITING: Final = 20
"""Rests behind a transaction last so many times as long as it took."""
_LONGEST: Final = 0.5


class Stopped(Exception):
    """The repack was told to stop. What it had finished stays."""


class Pace:
    """Told at every step of the work, and makes it wait. For one thread; `stop` may come from any."""

    group = 4 << 20
    """Bytes of the longest run of objects that is looked at as one."""
    batch = 4096
    """Rows that one transaction deletes."""
    threads = 2
    """Threads that compress."""

    def step(self) -> None:
        """Between two pieces of work, each well below a millisecond. Stopped."""

    def wrote(self, seconds: float) -> None:
        """After a transaction that took so long. Stopped."""


class Gentle(Pace):
    """Half a millisecond of work, then a rest; a longer one after each transaction, which others had to wait for."""

    group = 512 << 10
    batch = 128
    threads = 1

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._began = time.perf_counter()

    def stop(self) -> None:
        """Let the next step raise Stopped, and end a rest."""
        self._stop.set()

    def step(self) -> None:
        """As `Pace.step`."""
        worked = time.perf_counter() - self._began
        if worked >= _STEP:
            self._rest(max(_REST, 2 * worked))

    def wrote(self, seconds: float) -> None:
        """As `Pace.wrote`."""
        self._rest(_AFTER_WRITING * seconds)

    def _rest(self, seconds: float) -> None:
        if self._stop.wait(min(seconds, _LONGEST)):
            raise Stopped
        self._began = time.perf_counter()


FULL_SPEED: Final = Pace()
