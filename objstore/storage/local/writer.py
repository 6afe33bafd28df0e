"""The one writer of a process: it gathers what several threads want written into one transaction and one flush.

A thread leaves its work in the queue and waits for the mutex. Whoever gets it is the leader: it takes all that is
waiting, queues among the processes on the file lock, and commits the lot; the others find theirs done. Where all of it
is small it becomes a record of the intake. Else it becomes one transaction on the journal, which takes up the intake
first; each work runs in a savepoint then, so that one that fails leaves no trace in the others'.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from objstore.errors import ObjstoreError, StorageFailure
from objstore.storage.local.faults import SQLITE_ERRORS, from_os, from_sqlite
from objstore.storage.local.intake import Wanted
from objstore.storage.local.intake_file import Unsynced
from objstore.storage.local.intake_record import Transaction
from objstore.storage.local.journal import Journal
from objstore.storage.local.lock import FileLock
from refs.edits import Applied

Work = Callable[[sqlite3.Connection], object]


class _Request:
    __slots__ = ("done", "error", "losses", "result", "small", "work")

    def __init__(self, work: Work, small: Wanted | None, losses: int) -> None:
        self.work = work
        self.small = small
        self.losses = losses
        self.result: object = None
        self.error: BaseException | None = None
        self.done = False


class Writer:
    """Transactions on a journal, one after the other, from any thread and beside other processes."""

    def __init__(self, journal: Journal, lock: FileLock) -> None:
        self._journal = journal
        self._lock = lock
        self._connection: sqlite3.Connection | None = None
        self._queue: deque[_Request] = deque()
        self._mutex = threading.Lock()
        self._owner = 0  # the thread that holds a turn
        self.after: Callable[[], object] = lambda: None
        """Called after each transaction on the journal, with everybody waiting."""

    def write(self, work: Work, small: Wanted | None = None, losses: int = 0) -> object:
        """Run `work` in a transaction and return its result once that is durable.

        What `work` raises undoes its own changes alone and is raised here. `small`, if it is given, is the same as a
        transaction for the intake, and is made there instead where that can be; its result is `Applied`. It relies on
        objects that were there when the lock's count of `losses` was this: with another one, `work` has to look again.
        """
        request = _Request(work, small, losses)
        if self._owner == threading.get_ident():
            self._commit([request])
        else:
            self._queue.append(request)
            with self._mutex:
                if not request.done:
                    self._lead()
        if request.error is not None:
            raise request.error
        return request.result

    @contextmanager
    def turn(self) -> Generator[None, None, None]:
        """Hold the writers' queue: nobody else of this process or another writes until the block ends."""
        if self._owner == threading.get_ident():
            yield
            return
        with self._mutex:
            self._lock.acquire()
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = 0
                self._lock.release()

    def settle(self) -> None:
        """Have the journal take up its intake, so that its file holds everything."""
        self.write(lambda _: None)

    def close(self) -> None:
        """Close the connection for writing, and leave nothing in the intake if nobody else is writing."""
        with self._mutex:
            with suppress(ObjstoreError, OSError):  # What is in the intake is durable; whoever comes next takes it up.
                if not self._journal.read_only and self._lock.try_acquire():
                    self._empty()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _lead(self) -> None:
        requests: list[_Request] = []
        while self._queue:
            requests.append(self._queue.popleft())
        try:
            self._lock.acquire()
        except BaseException as error:
            _fail(requests, error)
            raise
        try:
            self._commit(requests)
        finally:
            self._lock.release()

    def _empty(self) -> None:
        try:
            self._journal.check_sound()
            if len(self._journal.intake):
                self._commit([_Request(lambda _: None, None, 0)])
            self._journal.intake.give_back()
        finally:
            self._lock.release()

    def _commit(self, requests: list[_Request]) -> None:
        intake = self._journal.intake
        try:
            self._journal.check_sound()
            losses = self._lock.losses()
            small = [r.small for r in requests if r.small is not None and r.losses == losses]
            if len(small) == len(requests) and intake.has_room(small):
                self._record(requests, small)
            else:
                self._transact(requests)
        except SQLITE_ERRORS as error:
            _fail(requests, self._translate(from_sqlite(error, self._journal.place)))
        except OSError as error:
            if isinstance(error, ObjstoreError):
                _fail(requests, error)
                raise
            _fail(requests, self._translate(_from_os(error, self._journal.place)))
        except BaseException as error:
            self._roll_back()
            _fail(requests, error)
            raise
        for request in requests:
            request.done = True

    def _record(self, requests: list[_Request], small: list[Wanted]) -> None:
        planned: list[Transaction] = []
        for request, plan in zip(requests, self._journal.intake.plan(small), strict=True):
            if isinstance(plan, Exception):
                request.error = plan
            else:
                request.result = Applied(plan.number)
                planned.append(plan)
        if planned:
            self._journal.intake.write(planned)

    def _transact(self, requests: list[_Request]) -> None:
        connection = self._ready()
        intake = self._journal.intake
        connection.execute("BEGIN IMMEDIATE")
        sequence = self._journal.take_up(connection)
        for request in requests:
            _run_in_savepoint(connection, request)
        connection.execute("COMMIT")
        intake.taken_up(sequence)
        self.after()

    def _ready(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._journal.open_connection()
        return self._connection

    def _translate(self, failure: ObjstoreError) -> BaseException:
        if isinstance(failure, StorageFailure):
            # What is durable is unknown now, and a second fsync that succeeds proves nothing: nobody goes on with it.
            with suppress(OSError):
                self._lock.set_state(self._lock.state()._replace(damaged=True))
        self._roll_back()
        return failure

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _run_in_savepoint(connection: sqlite3.Connection, request: _Request) -> None:
    connection.execute("SAVEPOINT work")
    try:
        request.result = request.work(connection)
    except SQLITE_ERRORS:
        raise
    except Exception as error:  # noqa: BLE001 - it belongs to the thread that asked
        request.error = error
        connection.execute("ROLLBACK TO work")
    connection.execute("RELEASE work")


def _from_os(error: OSError, place: str) -> ObjstoreError:
    """As `from_os`, but for a flush that failed: whatever the reason, what is durable is unknown."""
    return StorageFailure(place, error.strerror or str(error)) if isinstance(error, Unsynced) else from_os(error, place)


def _fail(requests: list[_Request], error: BaseException) -> None:
    for request in requests:
        request.error = request.error or error
        request.result = None
        request.done = True
