"""Renames among the changes of two trees: a file that is gone and one that is new, of equal or similar content.

Equal content is found by its oid, without reading anything. What remains is compared by the lines that both have, as
long as there is not too much of it: beyond the budget files count as deleted and added, which is never wrong.
"""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from objstore.objects.kinds import Oid
from objstore.objects.trees import Change, Entry

SIMILAR = 0.5
"""Share of the larger file that both must have in common, in bytes of equal lines."""
MAX_PAIRS = 4096
"""Pairs of files whose lines are compared."""
MAX_BYTES = 32 << 20
"""Bytes of files that are read for that."""
_LARGEST = 1 << 20


class Rename(NamedTuple):
    """A file with another path: the change that it is gone at, the one where it came, and how much both have in
    common (1.0: all)."""

    gone: Change
    came: Change
    similarity: float


def find_renames(changes: Sequence[Change], read: Callable[[Oid], bytes]) -> list[Rename]:
    """The renames, each change in one at most; `read` gives a blob."""
    gone = [change for change in changes if change.new is None and _is_file(change.old)]
    came = [change for change in changes if change.old is None and _is_file(change.new)]
    found = _equal(gone, came)
    taken = {rename.gone.key for rename in found} | {rename.came.key for rename in found}
    gone = [change for change in gone if change.key not in taken]
    came = [change for change in came if change.key not in taken]
    return sorted(found + _similar(gone, came, read), key=lambda rename: rename.came.key)


def _is_file(entry: Entry | None) -> bool:
    return entry is not None and entry.size > 0 and stat.S_ISREG(entry.mode)


def _equal(gone: list[Change], came: list[Change]) -> list[Rename]:
    left: dict[Oid, list[Change]] = {}
    for change in gone:
        left.setdefault(_entry(change).oid, []).append(change)
    found: list[Rename] = []
    for change in came:
        candidates = left.get(_entry(change).oid)
        if candidates:
            # Of several copies the one of the same name is the likeliest.
            best = next((each for each in candidates if _name(each) == _name(change)), candidates[0])
            candidates.remove(best)
            found.append(Rename(best, change, 1.0))
    return found


def _similar(gone: list[Change], came: list[Change], read: Callable[[Oid], bytes]) -> list[Rename]:
    pairs = [(a, b) for a in gone for b in came if _may_be_similar(_entry(a), _entry(b))]
    wanted = {_entry(change).oid: _entry(change).size for pair in pairs for change in pair}
    if len(gone) * len(came) > MAX_PAIRS * 16 or len(pairs) > MAX_PAIRS or sum(wanted.values()) > MAX_BYTES:
        return []
    lines = {oid: Counter(read(oid).split(b"\n")) for oid in wanted}
    scored = [(_score(lines, _entry(a), _entry(b)), a, b) for a, b in pairs]
    scored.sort(key=lambda each: (-each[0], _name(each[1]) != _name(each[2]), each[1].key, each[2].key))
    found: list[Rename] = []
    used: set[bytes] = set()
    for score, a, b in scored:
        if score >= SIMILAR and a.key not in used and b.key not in used:
            used |= {a.key, b.key}
            found.append(Rename(a, b, score))
    return found


def _may_be_similar(one: Entry, other: Entry) -> bool:
    small, large = sorted((one.size, other.size))
    return large <= _LARGEST and small >= SIMILAR * large


def _score(lines: dict[Oid, Counter[bytes]], one: Entry, other: Entry) -> float:
    common = lines[one.oid] & lines[other.oid]
    shared = sum((len(line) + 1) * count for line, count in common.items())
    return min(1.0, shared / (max(one.size, other.size) + 1))


def _entry(change: Change) -> Entry:
    entry = change.new if change.old is None else change.old
    assert entry is not None, "a change has an old entry or a new one"
    return entry


def _name(change: Change) -> bytes:
    return change.key.rpartition(b"/")[2]
