"""A backup as its users see it: what `objstore.open_backup` gives."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from objstore.errors import CorruptObject, InvalidRevision
from objstore.keys.keyring import Keyring
from objstore.maintenance.backup.folder import BackupFolder, Version
from objstore.maintenance.backup.restore import Drill, Restored, drill, restore
from objstore.maintenance.progress import Progress, silent
from objstore.repository.repository import Surroundings
from objstore.repository.revisions import microseconds, parse_time


class Backup:
    """The versions of one store in one folder."""

    def __init__(self, path: Path, author: str, keyring: Keyring) -> None:
        """Made by `objstore.open_backup`; `author` is who moves refs when a restore goes to a point in time, `keyring`
        holds the user's signing keys."""
        self.path = path
        self._keyring = keyring
        self._author = author
        self._folder = BackupFolder(path)
        self._folder.store_id()

    def versions(self) -> Iterator[Version]:
        """Every version that can be read, newest first."""
        for number in reversed(self._folder.numbers()):
            with suppress(CorruptObject):
                manifest = self._folder.read(number)
                held = sum(ref.value is not None for ref in manifest.refs)
                yield Version(number, manifest.time, manifest.note, held, manifest.size)

    def verify(self, version: int | None = None, *, progress: Progress = silent) -> Drill:
        """Restore a version (the newest by default) into a temporary folder, compare every ref, check every object.

        UnknownVersion. Damage is in the result, never an exception.
        """
        return drill(self.path, version=version, progress=progress)

    def restore(
        self,
        target: str | Path,
        *,
        version: int | None = None,
        at: str | datetime | None = None,
        progress: Progress = silent,
    ) -> Restored:
        """Bring a store back as a new one in `target`: the newest version, a given one, or every ref as of a time.

        What a trusted key signed is signed anew as the store's newest state, so that going back is no rollback.
        `at`: a datetime, or a text such as "2 hours ago". StoreExists: something is in the target. UnknownVersion;
        InvalidRevision (no time); CorruptObject: the backup is damaged, nothing was made.
        """
        surroundings = Surroundings(_now, os.urandom, self._author)
        when = None if at is None else _time(at)
        return restore(
            self.path,
            Path(target),
            surroundings,
            version=version,
            at=when,
            keyring=self._keyring,
            progress=progress,
        )

    def prune(self, keep: int) -> int:
        """Take all but the newest `keep` versions away; the bytes that became free.

        StoreLocked: a backup is being made. CorruptObject: a version that stays cannot be read; nothing was removed.
        """
        if keep < 1:
            raise ValueError("at least one version is kept")
        with self._folder.locked():
            return self._folder.remove(self._folder.numbers()[:-keep])


def _time(at: str | datetime) -> int:
    found = microseconds(at) if isinstance(at, datetime) else parse_time(at, _now())
    if found is None:
        raise InvalidRevision(str(at), "it is no time")
    return found


def _now() -> int:
    return time.time_ns() // 1000
