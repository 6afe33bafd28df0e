"""The repair of an open store: packs are salvaged, damaged rows put aside, lost objects brought back from a source."""

from __future__ import annotations

import time
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject
from objstore.maintenance.finding import Fault, Finding
from objstore.maintenance.fsck import fsck
from objstore.maintenance.fsck.trees import CheckPath
from objstore.maintenance.progress import Progress, silent
from objstore.maintenance.repair.packs import mend_packs, mend_rows
from objstore.maintenance.repair.record import Record
from objstore.objects.kinds import Object, Oid
from objstore.repository.repository import Repository
from objstore.storage.local.storage import LocalStorage
from objstore.storage.protocol import Storage
from refs.edits import Note

_BATCH = 1024
_NOTE = Note("", "", 0)


class Repaired(NamedTuple):
    """What a repair did, and what it could not: `actions` are in the store's record too, `findings` are what is left.

    `recovered` counts objects that came from the source.
    """

    actions: tuple[str, ...]
    recovered: int
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged any more."""
        return not self.findings


def repair(
    repo: Repository,
    source: Storage | None = None,
    *,
    record: Record | None = None,
    check_path: CheckPath | None = None,
    progress: Progress = silent,
) -> Repaired:
    """Mend what can be mended: packs and rows from what is left of them, objects from a source that has them.

    Nothing is deleted: damaged files and rows go to the quarantine. What is left is in the result.
    """
    began = time.monotonic()
    storage = repo.storage
    report = fsck(repo, check_path=check_path, progress=progress)
    if isinstance(storage, LocalStorage):
        record = record or Record(storage.folder, repo.now(), repo.author)
        if report.findings:
            mend_packs(storage, record, report.findings)
            mend_rows(storage, record)
            report = fsck(repo, check_path=check_path, progress=progress)
    recovered = 0
    while source is not None:
        # What is brought back may itself name what is lost: again, until nothing more comes.
        brought = _recover(storage, source, report.findings)
        if not brought:
            break
        recovered += brought
        report = fsck(repo, check_path=check_path, progress=progress)
    actions = [words(action) for action in record.actions] if record is not None else []
    if recovered:
        actions.append(f"brought back {recovered} objects")
        if record is not None:
            record.add("brought back objects", reason=getattr(source, "place", ""), objects=recovered)
    return Repaired(tuple(actions), recovered, report.findings, time.monotonic() - began)


def _recover(storage: Storage, source: Storage, findings: tuple[Finding, ...]) -> int:
    """Write every lost or damaged object that the source has; how many."""
    found: list[Object] = []
    count = 0
    for finding in findings:
        if finding.oid and finding.fault in (Fault.MISSING, Fault.CORRUPT):
            obj = _read(source, Oid(bytes.fromhex(finding.oid)))
            if obj is not None and storage.missing([obj.oid]):
                found.append(obj)
                count += 1
        if len(found) >= _BATCH:
            _bring_back(storage, found)
            found = []
    if found:
        _bring_back(storage, found)
    return count


def _bring_back(storage: Storage, objects: list[Object]) -> None:
    if isinstance(storage, LocalStorage):
        storage.bring_back(objects)
    else:
        storage.apply(objects, (), _NOTE)


def _read(source: Storage, oid: Oid) -> Object | None:
    try:
        return source.read(oid)
    except (MissingObject, CorruptObject):
        return None


def words(action: dict[str, object]) -> str:
    """What was done, in a line."""
    text = f"{action['action']} {action['file']}".strip()
    text += f" ({action['objects']} objects)" if action["objects"] else ""
    text += f": {action['reason']}" if action["reason"] else ""
    return text + (f"; kept as {action['kept']}" if action["kept"] else "")
