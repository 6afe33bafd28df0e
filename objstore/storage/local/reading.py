"""Connections for reading, whose errors are ours: what SQLite reports while a query runs or its rows are fetched.

Everything that reads the journal's file (objects, packs, refs, logs) does so on one of these, so no `sqlite3.Error`
reaches a caller whoever writes the query. Writing connections are plain ones: the writer translates around a whole
transaction, because it has to know what the error leaves in doubt.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, cast

from objstore.storage.local.faults import SQLITE_ERRORS, from_sqlite


class ReadingConnection(sqlite3.Connection):
    """A connection that raises `ObjstoreError` where SQLite raises its own. `place` is where the store is."""

    place = ""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a query. StoreLocked, StoreClosed, CorruptObject, StorageFailure …: as `faults.from_sqlite` has them."""
        try:
            cursor = self.cursor(ReadingCursor)
            return cursor.execute(sql, parameters)
        except SQLITE_ERRORS as error:
            raise from_sqlite(error, self.place) from error

    def first(self, sql: str, parameters: Any = (), /) -> Any:
        """The first row of a query, or None. Errors as `execute`. Half as much around SQLite as by way of a cursor."""
        try:
            return super().execute(sql, parameters).fetchone()
        except SQLITE_ERRORS as error:
            raise from_sqlite(error, self.place) from error


class ReadingCursor(sqlite3.Cursor):
    """The rows of a query. SQLite finds most damage here and not in `execute`: it reads pages as rows are asked for."""

    def fetchone(self) -> Any:
        """The next row, or None."""
        return self._translated(super().fetchone)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return self._translated(super().fetchall)

    def __next__(self) -> Any:
        return self._translated(super().__next__)

    def _translated(self, fetch: Callable[[], Any]) -> Any:
        try:
            return fetch()
        except SQLITE_ERRORS as error:
            raise from_sqlite(error, cast(ReadingConnection, self.connection).place) from error
