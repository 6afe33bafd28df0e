"""Whether a ref's log still is what was signed of it, with nothing but steps added since."""

from __future__ import annotations

from struct import error

from objstore.errors import ObjstoreError
from objstore.keys.heads import Head
from objstore.objects.kinds import Oid
from objstore.repository.history import steps_back
from objstore.repository.repository import Repository
from refs.chain import link
from refs.protocol import LogEntry, RefReader


def log_fault(refs: RefReader, head: Head) -> str | None:
    """What is wrong with the log of a signed head, or None. The chain of what came later is `RefReader.verify`'s.

    An entry that was extended since has another hash now; its hash of then is computed from what it has become.
    """
    entry = refs.entry_at(head.name, head.last)
    if entry is None:
        return f"step {head.last}, which was signed, is not in its log"
    if entry.last == head.last:
        return None if (entry.chain, entry.new) == (head.chain, head.value) else _altered(head)
    before = _chain_before(refs, entry)
    if before is None:
        return f"step {entry.first - 1} is not in its log"
    name, _, first, _, old, _, began, _, who, why, _ = entry
    try:
        chain = link(before, name, first, head.last, old, head.value, began, head.ended, who, why)
    except (AttributeError, TypeError, ValueError, error):  # damage may leave other types
        return _altered(head)
    return None if chain == head.chain else _altered(head)


def is_expired(refs: RefReader, head: Head) -> bool:
    """Whether the log was shortened since, so that what was signed cannot be compared any more."""
    return head.last < refs.cut(head.name).last


def history_fault(repo: Repository, head: Head) -> str | None:
    """As `log_fault`, for what a run does not spell out: the signed value has to lie as far back as steps were made."""
    entry = repo.storage.refs.entry_at(head.name, head.last)
    if entry is None or entry.last == head.last or head.value is None:
        return None
    try:
        then = steps_back(repo, _newest(entry), entry.last - head.last)
    except ObjstoreError as failure:
        return f"its history back to step {head.last}, which was signed, cannot be followed ({failure})"
    return None if then == head.value else _altered(head)


def _chain_before(refs: RefReader, entry: LogEntry) -> bytes | None:
    """The hash that an entry's own builds on, or None where the entry before it is missing."""
    cut = refs.cut(entry.name)
    if entry.first == cut.last + 1:
        return cut.chain  # of a whole log: the chain before the first entry
    earlier = refs.entry_at(entry.name, entry.first - 1)
    return None if earlier is None else earlier.chain


def _newest(entry: LogEntry) -> Oid:
    return Oid(entry.new or b"")  # A run holds no deletions; damage is found as a missing object.


def _altered(head: Head) -> str:
    return f"step {head.last} is not the one that was signed"
