"""Where lost objects may be brought back from: another store, or the newest version of a backup."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from objstore.errors import NotABackup
from objstore.maintenance.backup.folder import BackupFolder
from objstore.maintenance.backup.restore import restore
from objstore.repository.repository import Surroundings
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage


@contextmanager
def opened_source(path: Path) -> Generator[LocalStorage, None, None]:
    """The store in a folder, or a backup's newest version restored into a temporary one. NotAStore, CorruptObject."""
    try:
        BackupFolder(path).store_id()
    except NotABackup:
        with closing(open_local(path, read_only=True)) as storage:
            yield storage
        return
    with tempfile.TemporaryDirectory(prefix="objstore-source-") as place:
        target = Path(place) / "store"
        restore(path, target, Surroundings(lambda: 0, os.urandom, "repair"))
        with closing(open_local(target)) as storage:
            yield storage


def fallback_journal(path: Path) -> Path | None:
    """The journal of a backup's newest version or of a store, to take where one's own is lost."""
    backup = BackupFolder(path)
    try:
        backup.store_id()
    except NotABackup:
        with closing(open_local(path, read_only=True)) as storage:
            return storage.journal.path
    return next((path / file.name for file in backup.read().files if file.name.startswith("journals/")), None)
