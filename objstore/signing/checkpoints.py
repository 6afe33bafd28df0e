"""Making checkpoints: what this process did to refs is signed when it closes the store, and now and then before.

A checkpoint builds on the one before, provided that this is one that the user has seen or that a trusted key signed.
It takes in the refs that this process moved, each up to its end, if every step since the last signature was its own;
steps of others are not vouched for (`accept` does that on demand). Appending pays nothing: the work is one transaction
on the journal, whose cost depends on how many refs moved, not on how many there are.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext, suppress
from functools import cached_property
from itertools import chain, groupby
from typing import NamedTuple, cast

from objstore.errors import BrokenSignature, CorruptObject, ObjstoreError, RolledBack
from objstore.keys.checkpoint import (
    NO_PREVIOUS,
    Checkpoint,
    checkpoint_digest,
    decode_checkpoint,
    encode_checkpoint,
)
from objstore.keys.heads import NO_HEADS, Head, bucket_digest, bucket_of, decode_buckets, encode_buckets, root_of
from objstore.keys.keyring import Keyring
from objstore.keys.remembered import Memory, Remembered
from objstore.keys.signature import decode_signature, encode_signature
from objstore.keys.signing_file import key_text
from objstore.signing.anchor import Anchor, decode_anchor, encode_anchor
from objstore.signing.extends import log_fault
from objstore.storage.local.epochs import epochs
from objstore.storage.local.head_table import (
    StoredCheckpoint,
    clear_heads,
    create_head_tables,
    read_bucket,
    read_buckets,
    read_checkpoint,
    signed_names,
    write_checkpoint,
    write_heads,
)
from objstore.storage.local.storage import LocalStorage
from refs.protocol import LogEntry
from refs.sqlite import SqliteRefs


class Signed(NamedTuple):
    """The newest checkpoint's number (0: there is none), how many refs it signed anew, and those that it left out
    because others made steps on them or their logs are not what was signed."""

    number: int
    refs: int
    left_out: tuple[str, ...]


class _Made(NamedTuple):
    signed: Signed
    names: tuple[str, ...]
    checkpoint: Checkpoint | None
    digest: bytes


class Checkpoints:
    """The checkpoints of one local store, and what the user remembers of them."""

    def __init__(self, storage: LocalStorage, keyring: Keyring, now: Callable[[], int]) -> None:
        """`now`: the time in µs since 1970."""
        self.storage = storage
        self.keyring = keyring
        self._now = now

    @cached_property
    def store_id(self) -> bytes:
        """The store's id."""
        return self.storage.folder.read_marker()

    @cached_property
    def memory(self) -> Memory:
        """What is remembered of this store at this place."""
        return Memory(self.keyring.folder, self.store_id, os.path.realpath(self.storage.place))

    def check_not_older(self) -> None:
        """See that the store is not older than it was seen before; quick, whatever its size.

        RolledBack: it is. BrokenSignature: it is newer, and nobody who is trusted signed it. Where nothing can be
        remembered, nothing is checked; `verify` tells.
        """
        seen: Remembered | None = None
        with suppress(ObjstoreError, OSError):
            seen = self.memory.recall()
        if seen is not None:
            self.trusted(read_checkpoint(self.storage.journal.connection()), seen)

    def trusted(self, stored: StoredCheckpoint | None, seen: Remembered | None) -> Checkpoint | None:
        """A stored checkpoint (None: there is none), once it is the one that was seen or a later one by a trusted key.

        RolledBack, BrokenSignature; UnsafeKeyFolder, DamagedKey.
        """
        place = self.storage.place
        if stored is None:
            if seen is not None:
                raise RolledBack(place, _named(seen.at), "none")
            return None
        try:
            checkpoint = decode_checkpoint(stored.body)
            if checkpoint.store != self.store_id:
                raise CorruptObject(None, "it is another store's")
            if seen is not None and checkpoint_digest(stored.body) == seen.digest:
                return checkpoint
            signature = decode_signature(stored.signature)
            who = self.keyring.who(signature, "checkpoint", stored.body)
        except CorruptObject as error:
            raise BrokenSignature(f"the newest checkpoint of {place}", error.reason) from None
        if who is None:
            key = key_text(signature.public)
            raise BrokenSignature(f"the newest checkpoint of {place}", f"the key {key} is unknown here", key)
        if seen is not None and checkpoint.place <= seen.at:
            other = "another " if checkpoint.place == seen.at else ""
            raise RolledBack(place, _named(seen.at), other + _named(checkpoint.place))
        return checkpoint

    def sign(self, *, accept: bool = False) -> Signed:
        """Sign what this process did to refs. `accept`: everything as it stands, whoever did it and whatever was signed
        before.

        RolledBack, BrokenSignature: what was signed before is not what is here; nothing was signed. UnsafeKeyFolder,
        DamagedKey, ReadOnlyStore, StoreLocked, OSError.
        """
        counts = self.storage.moves.counts()
        if not (counts or accept):
            stored = read_checkpoint(self.storage.journal.connection())
            return Signed(0 if stored is None else decode_checkpoint(stored.body).number, 0, ())
        seen = self.memory.recall()

        def work(connection: sqlite3.Connection) -> _Made:
            run = _Run(self, connection, seen, self._now(), lenient=accept)
            return run.accept() if accept else run.extend(counts)

        return self._make(work, counts)

    def renew(self) -> Signed:
        """Sign what this process did, in a checkpoint that comes after whatever was seen here: for a store that was
        put here on purpose. One that has no checkpoint gets none. Errors as `sign`."""
        counts = self.storage.moves.counts()

        def work(connection: sqlite3.Connection) -> _Made:
            return _Run(self, connection, None, self._now()).extend(counts, anew=True)

        if read_checkpoint(self.storage.journal.connection()) is None:
            return Signed(0, 0, ())
        return self._make(work, counts)

    def _make(self, work: Callable[[sqlite3.Connection], _Made], counts: dict[str, int]) -> Signed:
        made = cast("_Made", self.storage.transact(work))
        self.storage.moves.signed({name: counts[name] for name in made.names if name in counts})
        if made.checkpoint is not None:
            # After the store's own flush: a memory ahead of the store would take a power cut for a rollback.
            self.memory.keep(made.checkpoint.epoch, made.checkpoint.number, made.digest)
        return made.signed

    def anchor(self) -> Anchor:
        """The newest checkpoint with its heads, to be kept elsewhere; what is not signed yet is signed first.

        BrokenSignature: there is nothing signed, or what is here is not what was signed. Errors as `sign`.
        """
        if not self.storage.read_only:
            self.sign()
        with closing(self.storage.journal.open_connection()) as connection:
            connection.execute("BEGIN")
            stored = read_checkpoint(connection)
            if stored is None:
                raise BrokenSignature(self.storage.place, "nothing in it is signed")
            heads = sorted(chain.from_iterable(found for _, found in read_buckets(connection)))
        try:
            return decode_anchor(encode_anchor(Anchor(stored.body, stored.signature, tuple(heads))))
        except CorruptObject as error:
            raise BrokenSignature("the list of signed heads", error.reason) from None

    def sign_if_possible(self) -> None:
        """As `sign`; where that cannot be, the steps stay unsigned, and `verify` tells."""
        if self.storage.moves.counts():
            with suppress(ObjstoreError, OSError):
                self.sign()


class _Run:
    """One checkpoint in the making, inside a write transaction of the journal."""

    def __init__(
        self,
        owner: Checkpoints,
        connection: sqlite3.Connection,
        seen: Remembered | None,
        now: int,
        lenient: bool = False,
    ) -> None:
        """`lenient`: a damaged checkpoint is none. CorruptObject otherwise."""
        self._owner = owner
        self._connection = connection
        self._refs = SqliteRefs(lambda: connection)
        self._seen = seen
        self._now = now
        self._stored: StoredCheckpoint | None = None
        with suppress(CorruptObject) if lenient else nullcontext():
            self._stored = read_checkpoint(connection)
        create_head_tables(connection)

    def extend(self, counts: dict[str, int], anew: bool = False) -> _Made:
        """Build on the checkpoint before. `counts`: how many steps are ours, by ref. `anew`: even if nothing is new."""
        before = self._owner.trusted(self._stored, self._seen)
        buckets = {} if self._stored is None else decode_buckets(self._stored.buckets)
        if before is not None and root_of(buckets) != before.root:
            raise BrokenSignature("the list of signed heads", "it is not the one that was signed")
        left: list[str] = []
        names: list[str] = []
        added = 0
        for bucket, group in groupby(sorted(counts, key=bucket_of), key=bucket_of):
            heads = read_bucket(self._connection, bucket)
            if bucket_digest(heads.values()) != buckets.get(bucket, NO_HEADS):
                raise BrokenSignature("the list of signed heads", "it is not the one that was signed")
            known = len(heads)
            ours = list(self._ours(group, counts, heads, left))
            heads.update((head.name, head) for head in ours)
            write_heads(self._connection, bucket, ours)
            buckets[bucket] = bucket_digest(heads.values())
            names += [head.name for head in ours]
            added += len(heads) - known
        if not names and not anew:
            return _Made(Signed(before.number if before else 0, 0, tuple(left)), (), None, b"")
        held = (before.heads if before else 0) + added
        return self._write(buckets, held, names, left, before.place if before else (0, 0))

    def accept(self) -> _Made:
        """Take everything as it stands."""
        known = signed_names(self._connection)
        known.update(ref.name for ref in self._refs.find())
        clear_heads(self._connection)
        buckets: dict[int, bytes] = {}
        names: list[str] = []
        for bucket, group in groupby(sorted(known, key=bucket_of), key=bucket_of):
            heads = [_head_of(newest) for newest in map(self._newest, group) if newest is not None]
            write_heads(self._connection, bucket, heads)
            buckets[bucket] = bucket_digest(heads)
            names += [head.name for head in heads]
        place = (0, 0)
        with suppress(CorruptObject):
            place = decode_checkpoint(self._stored.body).place if self._stored else place
        return self._write(buckets, len(names), names, [], max(place, self._seen.at if self._seen else place))

    def _ours(
        self, names: Iterable[str], counts: dict[str, int], heads: dict[str, Head], left: list[str]
    ) -> Iterator[Head]:
        """The new heads of refs that nobody but us moved since they were signed; the others go to `left`."""
        for name in names:
            head, newest = heads.get(name), self._newest(name)
            if newest is None:  # An absent ref was deleted: there is no log.
                continue
            steps = newest.last - (head.last if head else 0)
            if steps > counts[name] or (head is not None and log_fault(self._refs, head) is not None):
                left.append(name)
            elif steps:
                yield _head_of(newest)

    def _newest(self, name: str) -> LogEntry | None:
        newest = self._refs.newest(name)
        return None if newest is None else newest.entry

    def _write(
        self, buckets: dict[int, bytes], held: int, names: list[str], left: list[str], place: tuple[int, int]
    ) -> _Made:
        owner = self._owner
        past = epochs(self._connection)
        epoch = max(place[0], past[-1].number if past else 0)
        previous = NO_PREVIOUS if self._stored is None else checkpoint_digest(self._stored.body)
        root = root_of(buckets)
        checkpoint = Checkpoint(owner.store_id, epoch, place[1] + 1, previous, self._now, held, root)
        body = encode_checkpoint(checkpoint)
        signature = encode_signature(owner.keyring.sign("checkpoint", body))
        write_checkpoint(self._connection, StoredCheckpoint(body, signature, encode_buckets(buckets)))
        signed = Signed(checkpoint.number, len(names), tuple(left))
        return _Made(signed, tuple(names), checkpoint, checkpoint_digest(body))


def _head_of(entry: LogEntry) -> Head:
    return Head(entry.name, entry.last, entry.new, entry.ended, entry.chain)


def _named(place: tuple[int, int]) -> str:
    epoch, number = place
    return f"checkpoint {number}" + (f" of epoch {epoch}" if epoch else "")
