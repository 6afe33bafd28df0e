"""Bringing a store of an older format to the one that this program works on, so that a crash at any point does no harm.

A step changes a copy of the journal, in one transaction, and may write new packs; it never touches a file of the store.
While an upgrade is under way the marker says that the store `requires` it, so that no program of either format opens
the store half way. The old journal stays in `before-format-N/`, with a copy of the old marker.

    1. marker: format OLD, requires upgrade-to-NEW     2. journal-(g+1): the copy, steps applied, user_version = NEW
    3. marker: format NEW                              4. the old journal moves to before-format-NEW/

Begun again, it finds by the marker and by `user_version` how far it came.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, NotAStore, UnsupportedFormat
from objstore.storage.local.copying import copy_file, hash_file, sync_file
from objstore.storage.local.faults import from_os, from_sqlite
from objstore.storage.local.folder import FORMAT, Folder, make_folder, make_private, sync_folder, write_durably
from objstore.storage.local.intake import SCHEMA as INTAKE_SCHEMA
from objstore.storage.local.lock import FileLock, State

Step = Callable[[sqlite3.Connection, Path], None]
"""Changes the tables of a journal's copy, inside a transaction, from one format to the next. The path is the store's."""


def _add_intake(connection: sqlite3.Connection, _store: Path) -> None:
    """Format 2: small transactions land in an intake, and the journal says how far it has taken it up."""
    for statement in INTAKE_SCHEMA.split(";"):
        connection.execute(statement)


STEPS: Final[Mapping[int, Step]] = {1: _add_intake}
"""The steps by the format that they begin with."""

_MARKER = re.compile(
    r"objstore store\nformat (\d{1,9})\nid ([0-9a-f]{32})\n(?:requires upgrade-to-(\d{1,9})\n)?", re.ASCII
)
_PARTS = ("", "-wal", "-shm")


class Upgraded(NamedTuple):
    """Formats before and after, and the folder in the store where the old journal is ("" if nothing was to be done)."""

    before: int
    after: int
    kept: str


def upgrade(root: Path, copy: Path | None = None, steps: Mapping[int, Step] = STEPS, target: int = FORMAT) -> Upgraded:
    """Upgrade a store that nobody has open. `copy`: a new folder for a verified copy of all its files, made first.

    NotAStore; UnsupportedFormat: the store is newer, or there is no step from its format; StoreLocked; StoreFull,
    StorageFailure, CorruptObject: the store is as it was, or the upgrade goes on when it is begun again.
    """
    folder = Folder(root)
    lock = FileLock(folder.lock, 30)
    try:
        lock.acquire()
        before, store_id, under_way = _read_marker(folder)
        if before == target and not under_way:
            _put_aside(folder, target)
            return Upgraded(before, before, "")
        if before > target or any(number not in steps for number in range(before, target)):
            raise UnsupportedFormat(str(root), f"there is no way from format {before} to {target} here")
        if copy is not None:
            _copy_all(folder, copy)
        _upgrade(folder, lock, before, target, store_id, steps)
        return Upgraded(before, target, _put_aside(folder, target))
    except sqlite3.Error as error:
        raise from_sqlite(error, str(root)) from error
    finally:
        lock.close()


def _read_marker(folder: Folder) -> tuple[int, str, bool]:
    try:
        text = folder.marker.read_bytes()[:4096].decode("ascii", "replace")
    except (FileNotFoundError, NotADirectoryError):
        raise NotAStore(str(folder.root)) from None
    match = _MARKER.fullmatch(text)
    if match is None:
        raise UnsupportedFormat(str(folder.root), "its `format` file is not one that can be upgraded")
    return int(match[1]), match[2], match[3] is not None


def _upgrade(
    folder: Folder, lock: FileLock, before: int, target: int, store_id: str, steps: Mapping[int, Step]
) -> None:
    head = f"objstore store\nformat {before}\nid {store_id}\n"
    write_durably(folder.marker, f"{head}requires upgrade-to-{target}\n".encode())
    generation = folder.generation()
    if _version(folder.journal(generation)) != target:
        _make_journal(folder, generation, before, target, steps)
        generation += 1
    write_durably(folder.marker, f"objstore store\nformat {target}\nid {store_id}\n".encode())
    lock.set_state(State(generation, damaged=False))


def _make_journal(folder: Folder, generation: int, before: int, target: int, steps: Mapping[int, Step]) -> None:
    """Make the journal of the next generation out of a copy of this one."""
    fresh = folder.root / f"journal-{generation + 1}.sqlite.new"
    for part in _PARTS:
        fresh.with_name(fresh.name + part).unlink(missing_ok=True)
    make_private(fresh)
    with closing(sqlite3.connect(folder.journal(generation))) as source, closing(sqlite3.connect(fresh)) as copied:
        source.backup(copied)
    with closing(sqlite3.connect(fresh, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN IMMEDIATE")
        for number in range(before, target):
            steps[number](connection, folder.root)
        connection.execute(f"PRAGMA user_version = {target}")
        connection.execute("COMMIT")
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        if faults:
            raise CorruptObject(None, f"the journal after the upgrade: {'; '.join(faults)}; nothing was changed")
        connection.execute("PRAGMA journal_mode = WAL")
    sync_file(fresh)
    try:
        os.rename(fresh, folder.journal(generation + 1))
        sync_folder(folder.root)
    except OSError as error:
        raise from_os(error, str(folder.root)) from error


def _version(journal: Path) -> int:
    with closing(sqlite3.connect(journal)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def _put_aside(folder: Folder, target: int) -> str:
    """Move journals of older generations out of the way, once the marker says the new format; where to, or ""."""
    newest = folder.generation()
    aside = folder.root / f"before-format-{target}"
    moved = False
    try:
        for path in sorted(folder.root.glob("journal-*.sqlite*")):
            match = re.fullmatch(r"journal-(\d+)\.sqlite(-wal|-shm)?", path.name)
            if match and int(match[1]) < newest and _version(folder.journal(newest)) == target:
                make_folder(aside)
                os.rename(path, aside / path.name)
                moved = True
        if moved:
            sync_folder(aside)
            sync_folder(folder.root)
    except OSError as error:
        raise from_os(error, str(folder.root)) from error
    return aside.name if moved or aside.exists() else ""


def _copy_all(folder: Folder, target: Path) -> None:
    """Copy every file of the store, but its cache, and compare what was written. StoreFull, CorruptObject."""
    try:
        make_folder(target)
        for path in sorted(folder.root.rglob("*")):
            inner = path.relative_to(folder.root)
            if inner.parts[0] == "cache" or path.name.endswith("-shm"):
                continue
            if path.is_dir():
                make_folder(target / inner)
                continue
            with suppress(FileNotFoundError):
                copied = copy_file(path, target / inner, lambda _: None)
                if hash_file(target / inner) != copied:
                    raise CorruptObject(None, f"{target / inner} does not hold what was written to it")
        for place in (target, *(path for path in target.rglob("*") if path.is_dir())):
            sync_folder(place)
    except OSError as error:
        if isinstance(error, CorruptObject):
            raise
        raise from_os(error, str(target)) from error
