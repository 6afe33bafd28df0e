"""One frame of a pack, checked: checksum, decompression, hashes, canonical forms, and its commits against each other.

The report is flat bytes, so that it is cheap to hand over between processes and to keep.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection
from typing import Final, NamedTuple

from objstore.errors import CorruptObject
from objstore.maintenance.fsck.proof import ProvedRun, Prover
from objstore.objects.canonical import payload_fault
from objstore.objects.kinds import Kind, Oid
from objstore.packs.pack_index import PREFIX_SIZE
from objstore.storage.local.soundness import PackReader, Unsound

SIZE_AT: Final = 8
"""In a fact, the size of the payload stands above these bits, the kind in the lowest four."""


class FrameReport(NamedTuple):
    """What was found in a frame; all but the faults is of its records, in order, as many as could be read."""

    frame: int
    prefixes: bytes
    """The first 8 bytes of each id."""
    rests: bytes
    """The other 24 bytes of each id."""
    facts: bytes
    """A u64 for each: kind and size, or 0 where it is not sound, or deleted."""
    commits: tuple[bytes, bytes, bytes]
    """Of sound commits: records (u16), lengths (u32), and the payloads joined."""
    runs: list[ProvedRun]
    faults: list[Unsound]
    objects: int
    """How many are sound."""
    size: int
    """Bytes of those."""
    stored: int
    """Bytes of the frame."""


def check_frame(reader: PackReader, number: int, apart: Collection[Oid]) -> FrameReport:
    """Read and check one frame; `apart`: redacted events, and commits that histories begin with."""
    oids: list[Oid] = []
    facts, records, lengths = array("Q"), array("H"), array("I")
    payloads: list[bytes] = []
    faults: list[Unsound] = []
    prover = Prover(apart)
    size = stored = 0
    dead = {record for frame, record in reader.dead if frame == number} if reader.dead else ()
    try:
        start, stop = reader.pack.frame_span(number)
        stored = stop - start
        frame = reader.open(number)
        for record, (oid, kind, payload) in enumerate(frame.objects() if frame else ()):
            oids.append(oid)
            # Commits are decoded by who proves them, or walks them: once is enough.
            fault = None if kind is Kind.COMMIT else payload_fault(kind, payload)
            if fault or record in dead:
                facts.append(0)
                if fault:
                    faults.append(Unsound(reader.file, "object", fault, oid))
                continue
            length = len(payload)
            size += length
            facts.append(length << SIZE_AT | kind)
            if kind is Kind.EVENT:
                prover.add_event(oid)
            elif kind is Kind.COMMIT:
                prover.add_commit(record, oid, payload)
                records.append(record)
                lengths.append(length)
                payloads.append(payload)
    except CorruptObject as error:
        faults.append(Unsound(reader.file, "pack", f"frame {number}: {error.reason}"))
    return FrameReport(
        number,
        b"".join([oid[:PREFIX_SIZE] for oid in oids]),
        b"".join([oid[PREFIX_SIZE:] for oid in oids]),
        facts.tobytes(),
        (records.tobytes(), lengths.tobytes(), b"".join(payloads)),
        prover.runs(),
        faults,
        sum(map(bool, facts)),
        size,
        stored,
    )
