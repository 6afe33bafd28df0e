# ruff: noqa: D102 - the names of the tests are the sentences
"""Promises about watches: they tell of every change of refs, and end when they are closed or their storage is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress

from objstore.errors import StoreClosed
from objstore.storage.contract.support import NOTE, Contract, blob, point
from refs.edits import RefEdit


class WatchingContract(Contract):
    """`watch`."""

    def test_a_watch_tells_of_every_change_of_refs(self) -> None:
        with self.storage() as storage, closing(storage.watch()) as watch:
            obj = blob("x")
            assert not watch.wait(0)
            assert not watch.wait(0.01)
            point(storage, "files/x", obj)
            assert watch.wait(10)
            assert not watch.wait(0)
            with _soon(lambda: storage.apply((), [RefEdit("files/x", None, obj.oid)], NOTE)):
                assert watch.wait(10)

    def test_closing_a_watch_wakes_who_waits(self) -> None:
        with self.storage() as storage:
            watch = storage.watch()
            with _soon(watch.close):
                assert not watch.wait(10)
            watch.close()
            assert not watch.wait(10)

    def test_closing_the_storage_wakes_who_waits(self) -> None:
        storage = self.make()
        watch = storage.watch()
        began = time.monotonic()
        with _soon(storage.close), suppress(StoreClosed):
            watch.wait(10)
        assert time.monotonic() - began < 9
        watch.close()


@contextmanager
def _soon(call: Callable[[], object]) -> Generator[None, None, None]:
    """Make a call a moment from now, in another thread that has ended when the block has."""
    timer = threading.Timer(0.05, call)
    timer.start()
    try:
        yield
    finally:
        timer.join()
