"""Epochs: how often a store was brought back from a backup, so that who remembers newer heads knows that it was meant.

    epochs(number, began, why)     a row for each time, in the journal; the table is made with the first

A store that never was brought back is of epoch 0 and has no such table.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

_TABLE = """CREATE TABLE IF NOT EXISTS epochs (
    number INTEGER PRIMARY KEY, began INTEGER NOT NULL, why TEXT NOT NULL)"""


class Epoch(NamedTuple):
    """A time that a store was brought back: which, when (µs since 1970), and from what."""

    number: int
    began: int
    why: str


def epochs(connection: sqlite3.Connection) -> list[Epoch]:
    """Every epoch but the first, oldest first."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'epochs'").fetchone()
    if there is None:
        return []
    return [Epoch(*row) for row in connection.execute("SELECT number, began, why FROM epochs ORDER BY number")]


def begin_epoch(connection: sqlite3.Connection, when: int, why: str) -> int:
    """Begin the next epoch, in the caller's transaction; its number."""
    connection.execute(_TABLE)
    number = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM epochs").fetchone()[0]
    connection.execute("INSERT INTO epochs (number, began, why) VALUES (?, ?, ?)", (number, when, why))
    return number
