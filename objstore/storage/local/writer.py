"""The one writer of a process: it gathers what several threads want written into one transaction and one flush.

A thread leaves its work in the queue and waits for the mutex. Whoever gets it is the leader: it takes all that is
waiting, queues among the processes on the file lock, and commits the lot; the others find theirs done. Each work runs
in a savepoint of its own when there are several, so that one that fails leaves no trace in the others' transaction.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from objstore.errors import StorageFailure
from objstore.storage.local.faults import SQLITE_ERRORS, from_sqlite
from objstore.storage.local.journal import Journal
from objstore.storage.local.lock import FileLock

Work = Callable[[sqlite3.Connection], object]


class _Request:
    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
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

    def write(self, work: Work) -> object:
        """Run `work` in a transaction and return its result once that is durable.

        What `work` raises undoes its own changes alone and is raised here. `work` may run again after a failure of
        others, so it must do nothing but use the connection.
        """
        request = _Request(work)
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

    def close(self) -> None:
        """Close the connection for writing."""
        with self._mutex:
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

    def _commit(self, requests: list[_Request]) -> None:
        try:
            connection = self._ready()
            connection.execute("BEGIN IMMEDIATE")
            if len(requests) == 1:
                _run_alone(connection, requests[0])
            else:
                for request in requests:
                    _run_in_savepoint(connection, request)
            if connection.in_transaction:
                connection.execute("COMMIT")
        except SQLITE_ERRORS as error:
            _fail(requests, self._translate(error))
        except BaseException as error:
            self._roll_back()
            _fail(requests, error)
            raise
        for request in requests:
            request.done = True

    def _ready(self) -> sqlite3.Connection:
        self._journal.check_sound()
        if self._connection is None:
            self._connection = self._journal.open_connection()
        return self._connection

    def _translate(self, error: sqlite3.Error | UnicodeDecodeError) -> BaseException:
        failure = from_sqlite(error, self._journal.place)
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


def _run_alone(connection: sqlite3.Connection, request: _Request) -> None:
    try:
        request.result = request.work(connection)
    except SQLITE_ERRORS:
        raise
    except Exception as error:  # noqa: BLE001 - it belongs to the thread that asked
        request.error = error
        connection.execute("ROLLBACK")


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


def _fail(requests: list[_Request], error: BaseException) -> None:
    for request in requests:
        request.error = request.error or error
        request.result = None
        request.done = True
