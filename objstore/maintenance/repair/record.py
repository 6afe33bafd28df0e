"""The record of repairs: `repairs.jsonl` in the store's folder, a line of JSON for each thing that was done.

    {"time": µs since 1970, "who": text, "action": text, "file": text, "reason": text, "kept": text, "objects": number}

`kept` is where the damaged file was moved. Lines are only ever added.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from objstore.storage.local.faults import from_os
from objstore.storage.local.folder import Folder, make_folder, sync_folder, write_all

RECORD = "repairs.jsonl"
QUARANTINE = "quarantine"


class Record:
    """Writes the record of one store, and moves damaged files aside."""

    def __init__(self, folder: Folder, when: int, who: str) -> None:
        self._folder = folder
        self._when = when
        self._who = who
        self.actions: list[dict[str, object]] = []

    def add(self, action: str, *, file: str = "", reason: str = "", kept: str = "", objects: int = 0) -> None:
        """Write down what is about to be done, durably."""
        line: dict[str, object] = {"time": self._when, "who": self._who, "action": action, "file": file}
        line |= {"reason": reason, "kept": kept, "objects": objects}
        self.actions.append(line)
        path = self._folder.root / RECORD
        try:
            fresh = not path.exists()
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                write_all(handle, json.dumps(line).encode() + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
            if fresh:
                sync_folder(self._folder.root)
        except OSError as error:
            raise from_os(error, str(self._folder.root)) from error

    def put_aside(self, path: Path, action: str, reason: str, objects: int = 0) -> None:
        """Move a damaged file into the quarantine and write down where it is; nothing happens to one that is gone."""
        if not path.exists():
            self.add(action, file=path.name, reason=reason, objects=objects)
            return
        place = self._free_name(path.name)
        try:
            os.rename(path, place)
            sync_folder(place.parent)
            sync_folder(path.parent)
        except OSError as error:
            raise from_os(error, str(self._folder.root)) from error
        kept = f"{QUARANTINE}/{place.name}"
        self.add(action, file=path.name, reason=reason, kept=kept, objects=objects)

    def keep_bytes(self, name: str, data: bytes, action: str, reason: str) -> None:
        """Keep bytes that are no file of their own (a row) in the quarantine."""
        place = self._free_name(name)
        try:
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                write_all(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            sync_folder(place.parent)
        except OSError as error:
            raise from_os(error, str(self._folder.root)) from error
        self.add(action, file=name, reason=reason, kept=f"{QUARANTINE}/{place.name}")

    def _free_name(self, name: str) -> Path:
        aside = self._folder.root / QUARANTINE
        try:
            make_folder(aside)
        except OSError as error:
            raise from_os(error, str(self._folder.root)) from error
        number, place = 1, aside / name
        while place.exists():
            number += 1
            place = aside / f"{name}.{number}"
        return place


def read_records(folder: Folder) -> Iterator[dict[str, Any]]:
    """Every line of the record, oldest first; a last one that a crash cut short is left out."""
    try:
        text = (folder.root / RECORD).read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            yield cast("dict[str, Any]", json.loads(line))
