"""Reading the objects of a journal: row by row by id, by number in the order they came, or many at a time.

A row counts if its payload hashes to its oid, which whoever asks has to see to; of several rows of an oid any will do.
The index holds the first eight bytes of the oids: it finds candidates, and the row itself decides. What the intake
holds is read here as well, though it has no number yet. Bytes: docs/format/store.md.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from typing import Any

from objstore.errors import CorruptObject
from objstore.objects.kinds import Domain, Kind, Object, Oid
from objstore.packs.compression import Compression
from objstore.packs.elision import OID_SIZE
from objstore.storage.local.folder import Folder
from objstore.storage.local.intake_record import Row
from objstore.storage.local.journal_file import JournalFile
from objstore.storage.local.lock import FileLock

_MAX_OBJECT = 1 << 30
_FIND = "SELECT oid, kind, domain, data FROM objects WHERE substr(oid, 1, 8) = ? AND oid = ?"
_AT_ONCE = 64
_SMALL_ROW = 16 << 10  # Bytes of data: rows that are read together are no larger, so that all take at most a megabyte.
_FIND_SMALL = f"""SELECT oid, kind, domain, data FROM objects
    WHERE substr(oid, 1, 8) IN ({", ".join("?" * _AT_ONCE)}) AND length(data) <= {_SMALL_ROW}"""
_KINDS = {int(kind): kind for kind in Kind}
# Damage may turn bytes into text that is none; asking for it would end the whole page with an error of decoding.
_COLUMNS = "CAST(oid AS BLOB), CAST(kind AS INTEGER), CAST(domain AS BLOB), CAST(data AS BLOB)"
_PAGE = 512


class JournalRows(JournalFile):
    """The objects of one journal, for reading, by any thread."""

    def __init__(self, folder: Folder, generation: int, lock: FileLock, read_only: bool = False) -> None:
        """As `JournalFile`; it reads with the built-in dictionary until `load_dictionaries` is called."""
        super().__init__(folder, generation, lock, read_only)
        self.compression = Compression()

    def read(self, oid: Oid) -> Object | None:
        """The object as it was stored, not yet verified against its id, or None."""
        connection = self.connection()
        row = self.intake.rows.get(oid) or connection.first(_FIND, (oid[:8], oid))
        return None if row is None else self.object(row)

    def read_rows(self, oids: Sequence[Oid]) -> dict[bytes, Row]:
        """The small rows of these ids, by id, for `object`; one question for each 64 ids. CorruptObject: none can be
        read together. What is not in the answer may be there all the same: `read` tells."""
        connection = self.connection()
        pending = self.intake.rows
        found: dict[bytes, Row] = {}
        for start in range(0, len(oids), _AT_ONCE):
            some = oids[start : start + _AT_ONCE]
            # Always as many, so that the statement is prepared once.
            prefixes = [oid[:8] for oid in some] + [some[-1][:8]] * (_AT_ONCE - len(some))
            for row in connection.execute(_FIND_SMALL, prefixes).fetchall():
                found.setdefault(row[0], row)
            found.update((oid, pending[oid]) for oid in some if oid in pending)
        return found

    def copies(self, oid: Oid) -> Iterator[Object]:
        """As `read`, every row of the id that can be read at all, oldest first."""
        rows = self.connection().execute(_FIND, (oid[:8], oid)).fetchall()
        pending = self.intake.rows.get(oid)
        for row in [*rows, *([] if pending is None else [pending])]:
            with suppress(CorruptObject):
                yield self.object(row)

    def pending(self) -> Iterator[Object]:
        """The objects of the intake. CorruptObject: one cannot be read."""
        self.check_sound()
        for row in list(self.intake.rows.values()):
            yield self.object(row)

    def scan(self, after: int = 0) -> Iterator[tuple[int, Object]]:
        """Rows in the order they came, as (row, object), after a row; read in pages, not in one transaction. What is
        in the intake has no row yet.

        CorruptObject, when all others were given: a row cannot be read.
        """
        damage: CorruptObject | None = None
        for number, found in self.each(after):
            if isinstance(found, CorruptObject):
                damage = damage or found
            else:
                yield number, found
        if damage is not None:
            raise damage

    def each(self, after: int = 0, upto: int | None = None) -> Iterator[tuple[int, Object | CorruptObject]]:
        """As `scan`, every row with its object or with what is wrong with it; `upto`: the last row to be given."""
        for rows in self.pages(_COLUMNS, after, _PAGE):
            for row in rows:
                if upto is not None and row[0] > upto:
                    return
                try:
                    found: Object | CorruptObject = self.object(row[1:])
                except CorruptObject as error:
                    found = error
                yield row[0], found

    def newest_row(self) -> int:
        """The highest number of a row, 0 if there is none."""
        number = self.connection().execute("SELECT max(id) FROM objects").fetchone()[0]
        return number if isinstance(number, int) else 0

    def ids(self, after: int = 0) -> Iterator[tuple[int, Oid, Kind]]:
        """As `scan`, without the data: (row, oid, kind)."""
        damage: CorruptObject | None = None
        for rows in self.pages("oid, kind", after, 8192):
            for number, oid, kind in rows:
                try:
                    read = _oid(oid), Kind(kind)
                except ValueError as error:
                    damage = damage or CorruptObject(None, f"row {number} of the journal: {error}")
                else:
                    yield number, *read
        if damage is not None:
            raise damage

    def pages(self, columns: str, after: int, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of objects as (row, columns …), in the order they came, so many at a time.

        CorruptObject: a damaged table leads in a circle; what came before it was given.
        """
        query = f"SELECT id, {columns} FROM objects WHERE id > ? ORDER BY id LIMIT ?"
        while rows := self.connection().execute(query, (after, size)).fetchall():
            last = rows[-1][0]
            if not isinstance(last, int) or last <= after:
                raise CorruptObject(
                    None, f"the rows of the journal of {self.place} behind row {after} are not in order"
                )
            yield rows
            after = last

    def prefixes(self) -> Iterator[tuple[Any, int]]:
        """(first eight bytes of the id, row) of every row, by those bytes."""
        query = "SELECT substr(oid, 1, 8), id FROM objects WHERE (substr(oid, 1, 8), id) > (?, ?)"
        after = (b"", 0)
        while True:
            page = self.connection().execute(f"{query} ORDER BY substr(oid, 1, 8), id LIMIT 8192", after).fetchall()
            yield from page
            if len(page) < 8192:
                return
            after = page[-1]

    def prefixes_after(self, row: int) -> list[tuple[Any, int]]:
        """As `prefixes`, of the rows after one, in the order they came."""
        query = "SELECT substr(oid, 1, 8), id FROM objects WHERE id > ? ORDER BY id"
        return self.connection().execute(query, (row,)).fetchall()

    def rows(self, start: int, stop: int, wanted: Container[int]) -> Iterator[tuple[int, Object]]:
        """(row, object) of the wanted rows from `start` to before `stop`. CorruptObject: the first damaged one."""
        query = "SELECT id, oid, kind, domain, data FROM objects WHERE id >= ? AND id < ?"
        for row in self.connection().execute(query, (start, stop)).fetchall():
            if row[0] in wanted:
                yield row[0], self.object(row[1:])

    def find_ids(self, low: bytes, high: bytes, limit: int) -> list[Oid]:
        """Ids between two prefixes of eight bytes, both included."""
        query = "SELECT DISTINCT oid FROM objects WHERE substr(oid, 1, 8) BETWEEN ? AND ? LIMIT ?"
        rows = self.connection().execute(query, (low, high, limit)).fetchall()
        return [Oid(oid) for (oid,) in rows if isinstance(oid, bytes) and len(oid) == OID_SIZE]

    def may_hold(self, oids: Sequence[Oid]) -> set[bytes]:
        """The first eight bytes of those of these ids that there may be rows of; one question for many."""
        self.check_sound()
        pending = self.intake.rows
        found: set[bytes] = {oid[:8] for oid in oids if oid in pending}
        for start in range(0, len(oids), _PAGE):
            prefixes = [oid[:8] for oid in oids[start : start + _PAGE]]
            marks = ", ".join("?" * len(prefixes))
            query = f"SELECT substr(oid, 1, 8) FROM objects WHERE substr(oid, 1, 8) IN ({marks})"
            found.update(prefix for (prefix,) in self.connection().execute(query, prefixes).fetchall())
        return found

    def size(self) -> tuple[int, int]:
        """How many object rows there are, and the bytes of their data."""
        return self.connection().execute("SELECT count(*), coalesce(sum(length(data)), 0) FROM objects").fetchone()

    def object(self, row: tuple[Any, Any, Any, Any]) -> Object:
        """The object that a row says it is, not verified. CorruptObject: it cannot be read."""
        oid, kind, domain, data = row
        try:
            if not (isinstance(data, bytes) and isinstance(domain, bytes)):
                raise ValueError("it is no bytes")
            right = _KINDS.get(kind) or Kind(kind)
            payload = self.compression.decode_row(_oid(oid), right, data, _MAX_OBJECT)
            return Object(_oid(oid), right, payload, Domain(domain))
        except (CorruptObject, ValueError) as error:
            raise CorruptObject(
                oid if isinstance(oid, bytes) else None, f"its journal row cannot be read ({error})"
            ) from error


def _oid(column: object) -> Oid:
    """An id as it stands in a row. ValueError: damaged."""
    if not isinstance(column, bytes) or len(column) != OID_SIZE:
        raise ValueError("its id is damaged")
    return Oid(column)
