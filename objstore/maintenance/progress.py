"""How long work tells how far it has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it was done, and how much there is (0: nobody knows)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""
