"""Mending the files of a local store that keep it from being opened: its marker, its journal, its list of packs.

For a store that nobody has open. A journal that SQLite finds damaged is copied row by row into a new one; one that is
no database any more is taken from a backup, if there is one, and every sealed pack in the folder is listed again.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from objstore.errors import CorruptObject, NotAStore, OldFormat, UnsupportedFormat
from objstore.maintenance.repair.record import Record
from objstore.packs.pack import Pack
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import Folder, make_private, sync_folder
from objstore.storage.local.intake import MARK, Intake
from objstore.storage.local.intake_file import IntakeFile
from objstore.storage.local.journal import Journal, PackRow
from objstore.storage.local.lock import FileLock, State
from objstore.storage.local.open_pack import FileBuffer
from objstore.storage.local.salvaging import salvage_journal
from refs.sqlite import SqliteRefs

_SUFFIXES = ("-wal", "-shm")


def mend_files(folder: Folder, record: Record, fallback: Path | None = None) -> None:
    """Make a store one that can be opened. `fallback`: a journal to take where the store's own is no database.

    NotAStore: there is neither a journal nor a fallback. CorruptObject: the journal is no database, and no fallback.
    """
    if not folder.root.is_dir():
        raise NotAStore(str(folder.root))
    generation = folder.generation()
    if generation == 0 and fallback is None:
        raise NotAStore(str(folder.root), "its journal is gone. Name a backup: objstore repair --from BACKUP")
    lock = FileLock(folder.lock, 30)
    try:
        lock.acquire()
        fault = _fault(folder, generation, lock) if generation else "it is gone"
        if fault:
            generation = _new_journal(folder, record, generation, fault, fallback)
            lock.set_state(State(0, damaged=False))  # Whoever opens it next says what is.
            _list_packs(folder, record, generation)
    finally:
        lock.close()
    _mend_marker(folder, record)


def _fault(folder: Folder, generation: int, lock: FileLock) -> str:
    """What SQLite finds wrong with a journal, or what keeps its tables or its intake from being read; ""."""
    try:
        with closing(sqlite3.connect(folder.journal(generation), isolation_level=None)) as connection:
            texts = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            for table in ("objects", "packs", "dictionaries", "refs", "reflog", "reflog_numbers"):
                connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()
            folder.read_marker()
            if texts == ["ok"]:
                return _intake_fault(folder, generation, lock, connection)
    except (NotAStore, OldFormat, UnsupportedFormat):
        return ""  # The marker is mended for itself; an old format has no intake.
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)
    return "" if texts == ["ok"] else "; ".join(map(str, texts))


def _intake_fault(folder: Folder, generation: int, lock: FileLock, connection: sqlite3.Connection) -> str:
    file = IntakeFile(folder.intake(generation), read_only=True)
    intake = Intake(file, lock, generation, SqliteRefs(lambda: connection), lambda: None)
    try:
        intake.load(connection.execute(MARK).fetchone()[0], 0)
    finally:
        file.close()
    state, durable = lock.state(), intake.state.durable
    lost = state.generation == generation and durable < state.durable
    return f"record {durable + 1} of its intake cannot be read" if lost else ""


def _new_journal(folder: Folder, record: Record, generation: int, fault: str, fallback: Path | None) -> int:
    old, new = folder.journal(generation), folder.journal(generation + 1)
    fresh = new.with_name(new.name + ".new")
    for suffix in ("", *_SUFFIXES):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    copied: dict[str, int] = {}
    damage: CorruptObject | None = None
    if generation:
        try:
            copied = salvage_journal(old, folder.intake(generation), fresh, str(folder.root))
        except CorruptObject as error:
            damage = error
    if not copied.get("refs"):  # Nothing of the refs: the backup's are better than none.
        if fallback is None and damage is not None:
            raise damage
        if fallback is not None:
            for suffix in ("", *_SUFFIXES):
                fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
            _take(fallback, fresh)
            copied = {}
    how = "copied the rows that can be read of" if copied else "took from the backup"
    counts = ", ".join(f"{count} of {table}" for table, count in copied.items() if count)
    record.add(f"{how} the journal", file=new.name, reason=counts)
    try:
        os.rename(fresh, new)
        for suffix in _SUFFIXES:
            with suppress(FileNotFoundError):
                os.rename(fresh.with_name(fresh.name + suffix), new.with_name(new.name + suffix))
        sync_folder(folder.root)
    except OSError as error:
        raise from_os(error, str(folder.root)) from error
    if generation:
        for suffix in ("", *_SUFFIXES):
            part = old.with_name(old.name + suffix)
            if part.exists():
                record.put_aside(part, "put a damaged journal aside", fault)
        if folder.intake(generation).exists():
            record.put_aside(folder.intake(generation), "put its intake aside", fault)
    return generation + 1


def _take(fallback: Path, fresh: Path) -> None:
    try:
        make_private(fresh)
        with closing(sqlite3.connect(fallback)) as source, closing(sqlite3.connect(fresh)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise from_sqlite(error, str(fallback)) from error


def _list_packs(folder: Folder, record: Record, generation: int) -> None:
    """List every sealed pack in the folder that the new journal does not."""
    try:
        with closing(sqlite3.connect(folder.journal(generation), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            listed = {row[0] for row in connection.execute("SELECT name FROM packs")}
            for path in sorted(folder.packs.glob("*.pack")):
                row = _row_of(path)
                if path.stem not in listed and row is not None:
                    record.add("listed a pack again", file=path.name, objects=row.objects)
                    connection.execute("BEGIN IMMEDIATE")
                    Journal.add_pack(connection, row)
                    connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise from_sqlite(error, str(folder.root)) from error


def _row_of(path: Path) -> PackRow | None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        objects = Pack(FileBuffer(handle, str(path)), str(path)).objects
    except CorruptObject:
        objects = 0  # The run over the packs salvages it.
    finally:
        os.close(handle)
    if not re.fullmatch(r"[0-9a-f]{32}", path.stem):
        return None
    index = path.with_suffix(".index")
    return PackRow(path.stem, objects, path.stat().st_size + (index.stat().st_size if index.exists() else 0))


def _mend_marker(folder: Folder, record: Record) -> None:
    try:
        folder.read_marker()
    except UnsupportedFormat as error:
        data = folder.marker.read_bytes()[:4096]
        if re.match(rb"objstore store\nformat \d+\nid [0-9a-f]{32}\n", data):
            raise  # It says what it is: a newer format, not damage.
        found = re.search(rb"[0-9a-f]{32}", data)
        record.put_aside(folder.marker, "wrote the marker anew", error.reason)
        folder.write_marker(bytes.fromhex(found[0].decode()) if found else os.urandom(16))
    except NotAStore:
        record.add("wrote the marker anew", file=folder.marker.name, reason="it was gone")
        folder.write_marker(os.urandom(16))
