"""Marks of a transfer that is under way: refs `incoming/ID/COMMIT` to commits that are here with all that they reach.

The same transfer tried again has the same id, finds its marks and goes on behind them. They never travel and end with
the transfer; those that nobody came back to are swept after a week.
"""

from __future__ import annotations

from collections.abc import Iterable

from objstore.objects.hashing import checksum
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository
from objstore.sync.refspec import INCOMING
from refs.edits import ANY, Note, RefEdit

_WEEK = 7 * 86400 * 1_000_000
_OID = 32


class Marks:
    """The marks of one transfer. For one thread."""

    def __init__(self, repo: Repository, scope: str, transfer: bytes) -> None:
        """`scope`: whose transfer it is, so that nobody meets another's; `transfer`: what it is about."""
        self._prefix = f"{INCOMING}{checksum(scope.encode(), transfer).hex()}/"
        self.oids = {Oid(ref.value) for ref in repo.storage.refs.find(self._prefix) if len(ref.value) == _OID}
        """The commits that they name."""
        self._earlier = frozenset(self.oids)

    def moved(self, tips: set[Oid]) -> list[RefEdit]:
        """The edits that make the marks name these commits, and those that earlier attempts reached."""
        wanted = self._earlier | tips
        edits = [self._edit(oid, oid) for oid in sorted(wanted - self.oids)]
        edits += [self._edit(oid, None) for oid in sorted(self.oids - wanted)]
        self.oids = set(wanted)
        return edits

    def ended(self) -> list[RefEdit]:
        """The edits that take all marks away."""
        return [self._edit(oid, None) for oid in sorted(self.oids)]

    def _edit(self, oid: Oid, new: Oid | None) -> RefEdit:
        return RefEdit(f"{self._prefix}{oid.hex()}", new, ANY)


def sweep(repo: Repository) -> int:
    """Take away the marks that have not moved for a week; how many."""
    refs = repo.storage.refs
    now = repo.now()
    old: list[RefEdit] = []
    for ref in refs.find(INCOMING):
        entry = next(iter(refs.log(ref.name)), None)
        if entry is not None and entry.ended + _WEEK < now:
            old.append(RefEdit(ref.name, None, ANY))
    if old:
        repo.storage.apply((), old, Note(repo.author, "sweep unfinished transfers", now))
    return len(old)


def transfer_id(names: Iterable[str]) -> bytes:
    """What a transfer is known by: the refs that it is about. So one that is tried again when they have moved on still
    finds its marks."""
    return checksum(b"\0".join(name.encode() for name in sorted(names)))
