"""Packs and rows that are damaged: what is whole of them is written anew, and they themselves are put aside."""

from __future__ import annotations

import sqlite3

from objstore.errors import CorruptObject
from objstore.maintenance.finding import Fault, Finding
from objstore.maintenance.repair.record import Record
from objstore.objects.kinds import Oid
from objstore.storage.local.frames import FrameCodec
from objstore.storage.local.index_rebuild import keep_index, rebuild_index
from objstore.storage.local.open_pack import OpenPack
from objstore.storage.local.salvaging import whole_objects
from objstore.storage.local.soundness import Sound, row_fault
from objstore.storage.local.storage import LocalStorage

_PAGE = 512


def mend_packs(storage: LocalStorage, record: Record, findings: tuple[Finding, ...]) -> None:
    """Put every damaged pack aside, once what is whole of it lies in a new one; make damaged indexes again."""
    damaged = {finding.file: finding.reason for finding in findings if finding.fault is Fault.PACK}
    indexes = {finding.file: finding.reason for finding in findings if finding.fault is Fault.INDEX}
    with storage.maintenance():  # Nobody collects what is being copied.
        for pack in list(storage.packs):
            reason = damaged.get(f"packs/{pack.name}.pack")
            index_reason = indexes.get(f"packs/{pack.name}.index")
            if reason is not None:
                _salvage(storage, record, pack, reason)
            elif index_reason is not None:
                _index(storage, record, pack, index_reason)


def _salvage(storage: LocalStorage, record: Record, pack: OpenPack, reason: str) -> None:
    codec = FrameCodec(storage.hasher, storage.compression)
    path = storage.folder.packs / f"{pack.name}.pack"
    fresh = storage.fine_pack()
    seen: set[Oid] = set()
    try:
        if path.exists():
            for obj in whole_objects(path, codec):
                if obj.oid not in seen and not _is_dead(pack, obj.oid):
                    seen.add(obj.oid)
                    fresh.add(obj)
        # The new pack is durable and listed before the old one is not; the old one's files go last.
        storage.replace_pack(pack.name, fresh if seen else None)
    finally:
        fresh.discard()
    record.put_aside(path, "put a damaged pack aside", reason, len(seen))
    record.put_aside(path.with_suffix(".index"), "put its index aside", "its pack is damaged")


def _is_dead(pack: OpenPack, oid: Oid) -> bool:
    """Whether an object was collected: what it names may be gone, so nobody must find it again."""
    places = pack.find(oid) if pack.dead else ()
    return bool(places) and all(place in pack.dead for place in places)


def _index(storage: LocalStorage, record: Record, pack: OpenPack, reason: str) -> None:
    codec = FrameCodec(storage.hasher, storage.compression)
    path = storage.folder.packs / f"{pack.name}.index"
    data, damage = rebuild_index(pack.pack, codec)
    if damage is None:
        record.put_aside(path, "made an index again", reason, pack.pack.objects)
        keep_index(path, data)


def mend_rows(storage: LocalStorage, record: Record) -> None:
    """Put rows of the journal aside that are not what their ids say: another copy of the object then counts."""
    journal, after = storage.journal, 0
    query = "SELECT id, oid, kind, domain, data FROM objects WHERE id > ? ORDER BY id LIMIT ?"
    while True:
        try:
            rows = journal.connection().execute(query, (after, _PAGE)).fetchall()
        except (sqlite3.Error, CorruptObject):
            return
        for number, oid, kind, domain, data in rows:
            fault = row_fault(journal.compression, storage.hasher, (oid, kind, domain, data))
            if isinstance(fault, Sound):
                continue
            name = f"{journal.path.stem}-row-{number}"
            record.keep_bytes(name, data if isinstance(data, bytes) else b"", "put a damaged row aside", fault)
            storage.forget_rows([(number, oid)])
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]
