"""Refs in SQLite tables. Names outside `refs` come from here; the tables are described in docs/format/refs.md."""

from __future__ import annotations

from refs.sqlite.expiry import expire_in
from refs.sqlite.store import SqliteRefs
from refs.sqlite.tables import BLOCK_BITS, create_tables, transaction

__all__ = ["BLOCK_BITS", "SqliteRefs", "create_tables", "expire_in", "transaction"]
