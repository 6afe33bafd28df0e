"""The chain of a ref's log: each entry's hash covers the entry and the hash of the entry before it.

So nobody alters, drops or inserts an entry without every later hash changing. It does not show that the newest entries
were cut off or that the whole log was written anew: signed checkpoints of `chain` kept elsewhere do. An entry that is
extended (a run) gets a new hash over the same hash before it. Bytes: docs/format/refs.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct, error
from typing import Final

from refs.errors import BrokenLog
from refs.protocol import Cut, LogEntry

START: Final = bytes(32)
"""The chain before the first entry."""

_PERSON = b"refs log entry 1"
_FIXED = Struct(">32sQQqqHBBII")


def link(
    before: bytes,
    name: str,
    first: int,
    last: int,
    old: bytes | None,
    new: bytes | None,
    began: int,
    ended: int,
    who: str,
    why: str,
) -> bytes:
    """The chain (32 bytes) of an entry whose predecessor's chain is `before` (START: it has none)."""
    # An absent value has length 0, which no value has; every length is given, so no two entries share their bytes.
    name_bytes, old_bytes, new_bytes = name.encode(), old or b"", new or b""
    who_bytes, why_bytes = who.encode(), why.encode()
    fixed = _FIXED.pack(
        before,
        first,
        last,
        began,
        ended,
        len(name_bytes),
        len(old_bytes),
        len(new_bytes),
        len(who_bytes),
        len(why_bytes),
    )
    entry = b"".join((fixed, name_bytes, old_bytes, new_bytes, who_bytes, why_bytes))
    return blake2b(entry, digest_size=32, person=_PERSON).digest()


WHOLE: Final = Cut(0, 0, None, START)
"""A log that was never cut."""


def check_chain(name: str, entries: Iterable[LogEntry], cut: Cut = WHOLE) -> int:
    """Check what is left of a log, oldest entry first; the number of its last step.

    BrokenLog: the first step that does not fit.
    """
    before, last, value = cut.chain, cut.last, cut.value
    for entry in entries:
        if not _fits(entry, before, last, value):
            raise BrokenLog(name, last + 1)
        before, last, value = entry.chain, entry.last, entry.new
    return last


def _fits(entry: LogEntry, before: bytes, last: int, value: bytes | None) -> bool:
    name, _, first, own_last, old, new, began, ended, who, why, chain = entry
    try:
        if first != last + 1 or own_last < first or old != value:
            return False
        return link(before, name, first, own_last, old, new, began, ended, who, why) == chain
    except (AttributeError, TypeError, ValueError, error):
        return False  # damage may leave another type than the one written, or a number out of range
