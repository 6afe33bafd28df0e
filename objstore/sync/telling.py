"""How a transfer tells how far it has come; `maintenance.progress` has the same shape, above this layer."""

from __future__ import annotations

from collections.abc import Callable

Told = Callable[[str, int, int], None]
"""Told what is being done, how much of it was done, and how much there is (0: nobody knows)."""


def quiet(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""
