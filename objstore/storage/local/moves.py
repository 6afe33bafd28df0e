"""How many steps a process made on each ref since they were last signed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final

PATIENCE: Final = 1024
"""Steps after which a long-lived process signs in between, which then costs an append less than a hundredth."""


class Moves:
    """Counts steps by ref. Safe between threads. `full` is called, by whoever made the step, after `PATIENCE` steps."""

    def __init__(self) -> None:
        self.full: Callable[[], object] | None = None
        self._counts: dict[str, int] = {}
        self._steps = 0
        self._lock = threading.Lock()

    def add(self, names: Iterable[str], steps: int = 1) -> None:
        """Count steps that have happened on each of these refs."""
        with self._lock:
            for name in names:
                self._counts[name] = self._counts.get(name, 0) + steps
                self._steps += steps
            full = self._steps >= PATIENCE and self.full
            if full:
                self._steps = 0
        if full:
            full()

    def counts(self) -> dict[str, int]:
        """The steps made on each ref since they were last signed."""
        with self._lock:
            return dict(self._counts)

    def signed(self, counts: dict[str, int]) -> None:
        """Forget steps that are signed now; those made meanwhile stay."""
        with self._lock:
            for name, steps in counts.items():
                left = self._counts.get(name, 0) - steps
                if left > 0:
                    self._counts[name] = left
                else:
                    self._counts.pop(name, None)
