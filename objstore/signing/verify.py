"""Verifying that a store is what was signed: nothing altered, nothing cut off, nothing put back, nothing slipped in.

Refs and their logs are compared with the signed heads; the signature is compared with the trusted keys, and with what
the user remembers. Objects need no signature: their ids are hashes, checked whenever one is read, and `fsck` reads all.
Changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Literal, NamedTuple

from objstore.errors import BrokenLog, BrokenSignature, CorruptObject, DamagedKey, RolledBack, UnsafeKeyFolder
from objstore.keys.checkpoint import Checkpoint, checkpoint_digest, decode_checkpoint
from objstore.keys.heads import Head, bucket_digest, bucket_of, decode_buckets, root_of
from objstore.keys.signature import decode_signature
from objstore.repository.repository import Repository
from objstore.signing.anchor import Anchor
from objstore.signing.checkpoints import Checkpoints
from objstore.signing.extends import history_fault, is_expired, log_fault
from objstore.storage.local.faults import from_sqlite
from objstore.storage.local.head_table import StoredCheckpoint, read_buckets, read_checkpoint

DoubtKind = Literal["altered", "rolled back", "untrusted", "unsigned", "expired"]
"""What was signed is not there any more; the store is older than it was; nobody who is trusted signed it; steps that
nobody signed (a process that was killed, writers that overlapped, or somebody without a key); a log that was shortened
since, so that what was signed cannot be compared."""


class Doubt(NamedTuple):
    """Something that is not as it was signed: `ref` (a full ref name), or "" for the store as a whole."""

    kind: DoubtKind
    ref: str
    reason: str


class Verified(NamedTuple):
    """What verifying found: the newest checkpoint's number (0: none) and time (µs), who signed it (None: nobody who is
    trusted), how many refs were compared, and the doubts."""

    number: int
    time: int
    by: str | None
    refs: int
    doubts: tuple[Doubt, ...]

    @property
    def sound(self) -> bool:
        """Whether there is no doubt at all."""
        return not self.doubts


def verify_logs(repo: Repository) -> Verified:
    """As far as a store without signatures goes: the chains of the logs of all refs."""
    names = [ref.name for ref in repo.storage.refs.find()]
    return Verified(0, 0, None, len(names), tuple(_broken(repo, names)))


def verify(repo: Repository, checkpoints: Checkpoints, anchors: Iterable[Anchor] = ()) -> Verified:
    """Compare the store with its newest checkpoint and, if any are given, with anchors that were taken earlier.

    Doubts are in the result, never an exception. StorageFailure, StoreClosed.
    """
    try:
        with closing(checkpoints.storage.journal.open_connection()) as connection:
            connection.execute("BEGIN")  # One state of heads and checkpoint; the logs, read later, may have gone on.
            return _Verification(repo, checkpoints, connection).run(anchors)
    except sqlite3.Error as error:
        raise from_sqlite(error, checkpoints.storage.place) from error


class _Verification:
    def __init__(self, repo: Repository, checkpoints: Checkpoints, connection: sqlite3.Connection) -> None:
        self._repo = repo
        self._refs = repo.storage.refs
        self._checkpoints = checkpoints
        self._connection = connection

    def run(self, anchors: Iterable[Anchor]) -> Verified:
        checkpoint, by, doubts = self._newest()
        signed: dict[str, int] = {}
        try:
            stored = read_checkpoint(self._connection)
            buckets = {} if stored is None else decode_buckets(stored.buckets)
            for bucket, heads in read_buckets(self._connection):
                if bucket_digest(heads) != buckets.pop(bucket, b"") or any(bucket_of(h.name) != bucket for h in heads):
                    doubts.append(_unsigned_list())
                signed |= {head.name: head.last for head in heads}
                doubts += self._compared(heads)
            if buckets or (checkpoint is not None and stored is not None and not _is_root(stored, checkpoint)):
                doubts.append(_unsigned_list())
        except CorruptObject as error:
            doubts.append(Doubt("altered", "", error.reason))
        for anchor in anchors:
            doubts += self._anchored(anchor)
        refs: dict[str, int] = {}
        try:
            refs.update((ref.name, ref.sequence) for ref in self._refs.find())
        except BrokenLog as error:
            doubts.append(Doubt("altered", error.name, "the ref itself is damaged"))
        doubts += _broken(self._repo, sorted({*refs, *signed}))
        doubts += self._unsigned(refs, signed, checkpoint)
        number, time = (checkpoint.number, checkpoint.time) if checkpoint else (0, 0)
        return Verified(number, time, by, len(refs), tuple(dict.fromkeys(doubts)))

    def _newest(self) -> tuple[Checkpoint | None, str | None, list[Doubt]]:
        """The newest checkpoint, who signed it, and what is wrong with it."""
        doubts: list[Doubt] = []
        owner, seen = self._checkpoints, None
        try:
            stored = read_checkpoint(self._connection)
        except CorruptObject as error:
            return None, None, [Doubt("altered", "", error.reason)]
        try:
            seen = owner.memory.recall()
        except (DamagedKey, UnsafeKeyFolder, OSError) as error:
            doubts.append(Doubt("untrusted", "", f"what was remembered of this store cannot be used: {error}"))
        try:
            owner.trusted(stored, seen)
        except RolledBack as error:
            doubts.append(Doubt("rolled back", "", f"{error.seen} was seen here, now there is {error.found}"))
        except (BrokenSignature, DamagedKey, UnsafeKeyFolder, OSError) as error:
            doubts.append(Doubt("untrusted", "", getattr(error, "reason", str(error))))
        if stored is None:
            return None, None, doubts
        try:
            checkpoint = decode_checkpoint(stored.body)
            # It may be the one that was seen, with its signature altered: others would not trust it.
            by = owner.keyring.who(decode_signature(stored.signature), "checkpoint", stored.body)
        except (CorruptObject, DamagedKey, UnsafeKeyFolder, OSError) as error:
            doubts.append(Doubt("untrusted", "", getattr(error, "reason", str(error))))
            return None, None, doubts
        if by is None and not doubts:
            doubts.append(Doubt("untrusted", "", "the key that signed its newest checkpoint is unknown here"))
        return checkpoint, by, doubts

    def _compared(self, heads: Iterable[Head]) -> Iterator[Doubt]:
        for head in heads:
            if is_expired(self._refs, head):
                yield Doubt("expired", head.name, f"step {head.last}, which was signed, is no longer in its log")
                continue
            try:
                fault = log_fault(self._refs, head) or history_fault(self._repo, head)
            except BrokenLog as error:
                fault = f"its log is damaged at step {error.sequence}"
            if fault is not None:
                yield Doubt("altered", head.name, fault)

    def _anchored(self, anchor: Anchor) -> Iterator[Doubt]:
        """How the store differs from an anchor."""
        checkpoint = anchor.checkpoint
        if checkpoint.store != self._checkpoints.store_id:
            yield Doubt("altered", "", f"the anchor is of another store, {checkpoint.store.hex()}")
            return
        try:
            who = self._checkpoints.keyring.who(decode_signature(anchor.signature), "checkpoint", anchor.body)
            if who is None:
                yield Doubt("untrusted", "", "the key that signed the anchor is unknown here")
        except (CorruptObject, DamagedKey, UnsafeKeyFolder, OSError) as error:
            yield Doubt("untrusted", "", f"the anchor: {getattr(error, 'reason', str(error))}")
        stored = read_checkpoint(self._connection)
        if stored is None or not _reaches(stored, anchor):
            yield Doubt("rolled back", "", f"the anchor is of checkpoint {checkpoint.number}, which is newer")
        yield from self._compared(anchor.heads)

    def _unsigned(self, refs: dict[str, int], signed: dict[str, int], checkpoint: Checkpoint | None) -> Iterator[Doubt]:
        """Refs that went on since they were signed. Both maps are of names to numbers of steps."""
        if checkpoint is None and not signed:
            if refs:
                yield Doubt("unsigned", "", f"nothing is signed yet, of {len(refs)} refs")
            return
        for name in sorted({*refs, *signed}):
            last = refs.get(name) or self._last(name)
            if last > signed.get(name, 0):
                yield Doubt("unsigned", name, _steps(signed.get(name, 0) + 1, last))

    def _last(self, name: str) -> int:
        """How many steps were made on a deleted ref."""
        newest = next(iter(self._refs.log(name)), None)
        return 0 if newest is None else newest.last


def _reaches(stored: StoredCheckpoint, anchor: Anchor) -> bool:
    """Whether a stored checkpoint is an anchor's or a later one."""
    try:
        place = decode_checkpoint(stored.body).place
    except CorruptObject:
        return False
    then = anchor.checkpoint.place
    return place > then or checkpoint_digest(stored.body) == checkpoint_digest(anchor.body)


def _is_root(stored: StoredCheckpoint, checkpoint: Checkpoint) -> bool:
    return root_of(decode_buckets(stored.buckets)) == checkpoint.root


def _unsigned_list() -> Doubt:
    return Doubt("altered", "", "the list of signed heads is not the one that was signed")


def _steps(first: int, last: int) -> str:
    return f"step {first} is not signed" if first == last else f"steps {first} to {last} are not signed"


def _broken(repo: Repository, names: Iterable[str]) -> Iterator[Doubt]:
    for name in names:
        try:
            repo.storage.refs.verify(name)
        except BrokenLog as error:
            yield Doubt("altered", name, f"its log is damaged at step {error.sequence}")
