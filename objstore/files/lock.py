"""Named locks: who works on what, for how long, seen by every process that has the store open.

A lock is for speed and good manners. It runs out by the clock, so that nobody waits for the dead; safety is in its
token. A token is higher than every earlier one of the same name, for whoever keeps it elsewhere, and a write under a
lock (`Workspace.under`) moves the lock's ref in the same transaction: it fails if anybody took the lock in between,
whatever the clocks say.

A lock is a ref `locks/PLACE/NAME` (both as 32 hexadecimal digits) to a commit without parents: owner, time, and in its
metadata `lock.name`, `lock.expires` (µs), `lock.nonce`, and `lock.token` once it was renewed. A token is the number of
the step of the ref's log with which the lock was taken. Released, the ref is gone and its numbers go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple

from objstore.errors import LockHeld, LockLost, RefConflict
from objstore.objects.commits import Commit, encode_commit
from objstore.objects.hashing import checksum
from objstore.objects.kinds import Kind, Object, Oid
from objstore.repository.repository import Repository
from refs.edits import ABSENT, Note, RefEdit
from refs.protocol import Ref

NAMESPACE = "locks/"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5  # Seconds between two looks at a lock that is waited for.


class LockInfo(NamedTuple):
    """A lock as it stands: its name, owner, token, and when it was taken or renewed and runs out (µs since 1970)."""

    name: str
    owner: str
    token: int
    time: int
    expires: int


class Lock:
    """A lock that is held: a context manager, which releases it. Safe between threads."""

    def __init__(self, repo: Repository, ref: str, name: str, owner: str, ttl: float) -> None:
        """Made by `take`."""
        self.name = name
        self.owner = owner
        self.ttl = ttl
        self.token = 0
        """Higher than that of every earlier lock of this name."""
        self.expires = 0
        """When it runs out, in µs since 1970."""
        self._repo = repo
        self._ref = ref
        self._oid: Oid | None = None
        self._next: tuple[Oid, int] | None = None
        self._mutex = threading.RLock()

    @property
    def held(self) -> bool:
        """Whether it is still ours, as the store says now; it may have run out, and nobody have taken it."""
        ref = self._repo.storage.refs.get(self._ref)
        return ref is not None and ref.value == self._oid

    def renew(self, ttl: float | None = None) -> None:
        """Let it run for `ttl` seconds from now (as at first by default), also if it had run out. LockLost."""
        with self.turn():
            if ttl is not None:
                self.ttl = _checked(ttl)
            objects: list[Object] = []
            self._apply(objects, self.edit(objects), "renew lock")
            self.settle()

    def release(self) -> None:
        """Give it back; harmless when done twice. LockLost: it was not ours any more."""
        with self.turn():
            if self._oid is not None:
                try:
                    self._apply([], RefEdit(self._ref, None, self._oid), "unlock")
                finally:
                    self._oid = None

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        except LockLost:
            if kind is None:
                raise

    # What a write demands (`repository.guard.Guard`)

    def turn(self) -> AbstractContextManager[object]:
        """Held by one write at a time."""
        return self._mutex

    def edit(self, objects: list[Object]) -> RefEdit:
        """The edit that renews it. LockLost: it was released."""
        if self._oid is None:
            raise self.lost()
        obj, expires = self._state(self.token)
        objects.append(obj)
        self._next = obj.oid, expires
        return RefEdit(self._ref, obj.oid, self._oid)

    def settle(self) -> None:
        """It was renewed by the last edit."""
        assert self._next is not None, "an edit comes before it is settled"
        self._oid, self.expires = self._next

    def lost(self) -> LockLost:
        """The error for a lock that is not ours any more."""
        return LockLost(self.name, self.token)

    def acquire(self) -> None:
        """Take it. LockHeld: somebody has it, and it has not run out."""
        refs = self._repo.storage.refs
        ref = refs.get(self._ref)
        if ref is not None:
            info = _info(self._repo, ref)
            if info.expires > self._repo.now():
                raise LockHeld(self.name, info.owner, info.expires)
        obj, expires = self._state(0)
        expected = ABSENT if ref is None else ref.value
        note = Note(self.owner, f"lock {self.name}", self._repo.now())
        try:
            self._repo.storage.apply([obj], [RefEdit(self._ref, obj.oid, expected)], note)
        except RefConflict:  # somebody was faster
            now = refs.get(self._ref)
            info = None if now is None else _info(self._repo, now)
            owner, until = ("somebody", expires) if info is None else (info.owner, info.expires)
            raise LockHeld(self.name, owner, until) from None
        self._oid, self.expires = obj.oid, expires
        ref = refs.get(self._ref)
        if ref is None or ref.value != obj.oid:
            raise self.lost()
        self.token = ref.sequence

    def _state(self, token: int) -> tuple[Object, int]:
        now = self._repo.now()
        expires = now + int(self.ttl * 1_000_000)
        # With the nonce no two states are equal, so that a ref that was taken and given back never looks as before.
        metadata = {"lock.name": self.name, "lock.expires": expires, "lock.nonce": self._repo.random(16).hex()}
        commit = Commit(
            parents=(),
            generation=1,
            place=0,
            jump=None,
            author=self.owner,
            time=now,
            metadata={**metadata, "lock.token": token} if token else metadata,
        )
        return self._repo.hasher.object(Kind.COMMIT, encode_commit(commit)), expires

    def _apply(self, objects: list[Object], edit: RefEdit, why: str) -> None:
        try:
            self._repo.storage.apply(objects, [edit], Note(self.owner, f"{why} {self.name}", self._repo.now()))
        except RefConflict:
            raise self.lost() from None


def take(repo: Repository, place: str, name: str, owner: str, ttl: float, wait: float) -> Lock:
    """Take the lock of a name at a place (the name of a ref), waiting for at most `wait` seconds. LockHeld."""
    lock = Lock(repo, f"{_folder(place)}{_digest(name)}", name, owner, _checked(ttl))
    deadline = time.monotonic() + wait
    pause = _FIRST_PAUSE
    while True:
        try:
            lock.acquire()
        except LockHeld:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return lock


def locks_at(repo: Repository, place: str) -> Iterator[LockInfo]:
    """The locks of a place that are held and have not run out."""
    for ref in repo.storage.refs.find(_folder(place)):
        info = _info(repo, ref)
        if info.expires > repo.now():
            yield info


def break_lock(repo: Repository, place: str, name: str) -> LockInfo | None:
    """Take a lock away from whoever has it; whose it was, or None if nobody's."""
    ref_name = f"{_folder(place)}{_digest(name)}"
    while (ref := repo.storage.refs.get(ref_name)) is not None:
        note = Note(repo.author, f"break lock {name}", repo.now())
        try:
            repo.storage.apply((), [RefEdit(ref_name, None, ref.value)], note)
        except RefConflict:
            continue  # its owner renewed it just now
        return _info(repo, ref)
    return None


def _info(repo: Repository, ref: Ref) -> LockInfo:
    commit = repo.commit(Oid(ref.value))
    name, expires, token = (commit.metadata.get(f"lock.{key}") for key in ("name", "expires", "token"))
    token = token if isinstance(token, int) else ref.sequence
    return LockInfo(str(name), commit.author, token, commit.time, expires if isinstance(expires, int) else 0)


def _checked(ttl: float) -> float:
    if not 0 < ttl <= 366 * 86400:
        raise ValueError(f"a lock lasts for more than no time and at most a year, not {ttl} seconds")
    return ttl


def _folder(place: str) -> str:
    return f"{NAMESPACE}{_digest(place)}/"


def _digest(text: str) -> str:
    return checksum(text.encode("utf-8", "surrogatepass")).hex()
