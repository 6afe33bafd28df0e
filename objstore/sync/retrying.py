"""Trying again: a transfer over a network that broke off is repeated a few times, with growing pauses.

A request may be repeated whatever became of it, and a transfer goes on behind what was kept of it, so nothing is lost
or made twice. The pauses are drawn at random, so that clients which a server lost together do not come back together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from objstore.errors import RemoteFailed, RemoteRefused
from objstore.sync.telling import Told

T = TypeVar("T")

ATTEMPTS = 4
FIRST_PAUSE = 0.25
"""Seconds before the second attempt, at most; twice as long before each further one."""

_FOR_NOW: Final = frozenset({"429", "503", "cut short"})
"""Refusals that say nothing about the next attempt."""


def patiently(work: Callable[[], T], random: Callable[[int], bytes], told: Told) -> T:
    """Do it, again where the far side went away or has no time. What the last attempt raised is raised."""
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except RemoteFailed:
            pass
        except RemoteRefused as refused:
            if refused.code not in _FOR_NOW:
                raise
        told("Trying again", attempt, ATTEMPTS - 1)
        time.sleep(pause(attempt, random))
    return work()


def pause(attempt: int, random: Callable[[int], bytes]) -> float:
    """Seconds after this attempt, from 1 on: half of its time, and a part of the other half."""
    whole = FIRST_PAUSE * 2 ** (attempt - 1)
    return whole * (0.5 + int.from_bytes(random(2), "big") / (1 << 17))
