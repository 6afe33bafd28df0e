"""What can still be read of damaged files of a local store: whole frames of a pack, whole rows of a journal.

Nothing is taken on trust: an object counts when its bytes hash to an id, and a row of refs by its log's chain, which is
looked at afterwards.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from objstore.errors import CorruptObject
from objstore.objects.kinds import Object
from objstore.packs.frame_header import decode_header
from objstore.packs.pack import salvage
from objstore.storage.local.faults import from_sqlite
from objstore.storage.local.frames import FrameCodec, open_frame
from objstore.storage.local.intake import MARK, SET_MARK
from objstore.storage.local.intake_record import MAGIC, Record, decode_record
from objstore.storage.local.journal import Journal, create_journal
from objstore.storage.local.open_pack import FileBuffer
from refs.sqlite import SqliteRefs

_COPIED = ("objects", "packs", "dictionaries", "refs", "reflog", "reflog_numbers", "intake_mark")
_MADE_LATER = ("reflog_cuts", "dead_records", "epochs", "heads", "checkpoint")  # Tables of journals that needed them.
_GAP = 1 << 12  # Rows that are tried one by one behind one that cannot be read.


def whole_objects(path: Path, codec: FrameCodec) -> Iterator[Object]:
    """Every object in the whole frames of a pack, its ends and some frames damaged as they may be."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        frames: list[bytes] = []  # since the last base: a base is named by how many frames back it stands
        bases: dict[int, bytes] = {}
        for number, (_, data) in enumerate(salvage(FileBuffer(handle, str(path)))):
            frames.append(b"")
            header = decode_header(data)
            with suppress(CorruptObject):
                if not header.records:
                    bases = {number: codec.base_text(data)}
                    continue
                # A lost frame between a frame and its base shifts the distance; the ids below tell a wrong base.
                for text in bases.values() if header.base else (b"",):
                    frame = open_frame(number, lambda _: data, lambda _: text, codec)  # noqa: B023 - used at once
                    yield from (frame.object(record) for record in range(len(frame)))
    finally:
        os.close(handle)


def salvage_journal(old: Path, intake: Path, new: Path, place: str) -> dict[str, int]:
    """Copy every row that can be read, and every whole record of the intake, into a new journal; how many of each.

    CorruptObject: the file is no database any more.
    """
    copied: dict[str, int] = {}
    try:
        create_journal(new, place)
        with closing(sqlite3.connect(new, isolation_level=None)) as target, closing(_open(old)) as source:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # Not a database: nothing to copy.
            target.execute("PRAGMA synchronous = FULL")
            target.execute("BEGIN IMMEDIATE")
            for table in (*_COPIED, *_MADE_LATER):
                copied[table] = _copy_table(source, target, table)
            copied["intake"] = _take_up(intake, target)
            target.execute("COMMIT")
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise from_sqlite(error, place) from error
    return copied


def _take_up(path: Path, target: sqlite3.Connection) -> int:
    """Bring the records that the journal had not taken up into it, those behind a damaged one too; how many.

    The step that a damaged record made is lost; the ref goes on with the next that is whole.
    """
    mark: int = target.execute(MARK).fetchone()[0]
    data = path.read_bytes() if path.exists() else b""
    refs = SqliteRefs(lambda: target)
    records: dict[int, Record] = {}
    at = data.find(MAGIC)
    while at >= 0:
        record = decode_record(data, at)
        if record is not None and record.sequence > mark:
            records.setdefault(record.sequence, record)
        at = data.find(MAGIC, at + (1 if record is None else record.size))
    for _, record in sorted(records.items()):
        for _, note, edits, rows in record.transactions:
            Journal.insert(target, rows)
            if edits:
                refs.apply_in(target, [edit for edit, _ in edits], note)
    target.execute(SET_MARK, (max(records, default=mark),))
    return len(records)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = _lenient
    return connection


def _lenient(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _copy_table(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    try:
        made = source.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
    except sqlite3.Error:
        return 0
    if made is None or not columns:
        return 0
    if table in _MADE_LATER:
        target.execute(made[0])
    copied = 0
    marks = ", ".join("?" * len(columns))
    for row in _rows(source, table, columns):
        with suppress(sqlite3.Error, UnicodeEncodeError):  # A row that damage made impossible.
            target.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)
            copied += 1
    return copied


def _rows(source: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[object, ...]]:
    """The rows of a table in order of their first column, its key; behind damage it goes on where it can."""
    key = columns[0]
    ordered = f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED WHERE {key} > ? ORDER BY {key}"
    single = f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED WHERE {key} = ?"
    after = -1
    skipped = 0
    while skipped < _GAP:
        try:
            for row in source.execute(ordered, (after,)):
                yield row
                after, skipped = int(row[0]), 0
        except (sqlite3.Error, UnicodeDecodeError, TypeError, ValueError):
            after += 1
            skipped += 1
            with suppress(sqlite3.Error, UnicodeDecodeError):
                yield from source.execute(single, (after,))
        else:
            return
