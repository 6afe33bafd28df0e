"""How a synchronous object gets an asynchronous face: its methods run in the threads of its store.

A face is written as a list of the methods that it awaits (`Awaited`) or streams (`Streamed`); their signatures carry
over. A `with` block becomes an `async with` block (`Block`), whose draft makes one call after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from objstore.errors import StoreClosed

THREADS = 8
"""Threads of one store. A write holds one until it is durable, and writes of several threads share a flush."""

_BATCH = 256

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
A = TypeVar("A")


class Runner(Protocol):
    """Runs calls somewhere else than in the event loop."""

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What the call returns or raises."""
        ...


class Threads:
    """The threads of one store."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="objstore")
        self._closed = False

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `Runner.run`. StoreClosed."""
        if self._closed:
            raise StoreClosed(self.place, "it was closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *args, **kwargs))

    async def close(self, last: Callable[[], None]) -> None:
        """Let what is under way come to its end, then do the last thing. Waits even if it is cancelled."""
        self._closed = True

        def finish() -> None:
            self._pool.shutdown()
            last()

        await asyncio.shield(asyncio.to_thread(finish))


class InTurn:
    """One call after the other, each to its very end, also when who awaits it was cancelled: for drafts."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._lock = asyncio.Lock()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `Runner.run`, once the calls before have ended."""
        await self._lock.acquire()
        work = asyncio.ensure_future(self._runner.run(function, *args, **kwargs))
        work.add_done_callback(self._done)
        return await asyncio.shield(work)

    def _done(self, work: asyncio.Future[Any]) -> None:
        self._lock.release()
        if not work.cancelled():
            work.exception()  # seen, also where nobody awaits it any more


class Face(Generic[S]):
    """The asynchronous face of one object."""

    def __init__(self, runner: Runner, sync: S) -> None:
        self.runner = runner
        self.sync = sync


class Awaited(Generic[P, R]):
    """A method of the object behind a face, awaited."""

    def __init__(self, method: Callable[Concatenate[Any, P], R]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, face: None, owner: object) -> Self: ...
    @overload
    def __get__(self, face: Face[Any], owner: object) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, face: Face[Any] | None, owner: object) -> Self | Callable[P, Coroutine[Any, Any, R]]:
        if face is None:
            return self
        runner = face.runner
        method: Callable[P, R] = getattr(face.sync, self._method.__name__)  # its own, which may override this one

        def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
            return runner.run(method, *args, **kwargs)

        return call


class Streamed(Generic[P, R]):
    """A method that gives an iterator, iterated asynchronously."""

    def __init__(self, method: Callable[Concatenate[Any, P], Iterable[R]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, face: None, owner: object) -> Self: ...
    @overload
    def __get__(self, face: Face[Any], owner: object) -> Callable[P, AsyncIterator[R]]: ...
    def __get__(self, face: Face[Any] | None, owner: object) -> Self | Callable[P, AsyncIterator[R]]:
        if face is None:
            return self
        runner = face.runner
        method: Callable[P, Iterable[R]] = getattr(face.sync, self._method.__name__)

        def stream(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
            return stream_of(runner, lambda: iter(method(*args, **kwargs)))

        return stream


async def stream_of(runner: Runner, begin: Callable[[], Iterator[R]]) -> AsyncIterator[R]:
    """The items of an iterator that threads advance, in batches that grow: the first item comes at once."""
    iterator = await runner.run(begin)
    size = 1
    while True:
        batch = await runner.run(_take, iterator, size)
        for item in batch:
            yield item
        if len(batch) < size:
            return
        size = min(2 * size, _BATCH)


def _take(iterator: Iterator[R], count: int) -> list[R]:
    return list(islice(iterator, count))


class Block(Generic[S, A]):
    """A `with` block around a draft, as an `async with` block around the draft's face."""

    def __init__(
        self, runner: Runner, make: Callable[[], AbstractContextManager[S]], wrap: Callable[[Runner, S], A]
    ) -> None:
        self._runner = InTurn(runner)
        self._make = make
        self._wrap = wrap
        self._block: AbstractContextManager[S] | None = None

    async def __aenter__(self) -> A:
        def enter() -> S:
            self._block = self._make()
            return self._block.__enter__()

        return self._wrap(self._runner, await self._runner.run(enter))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._block is not None, "a block is left after it was entered"
        await self._runner.run(self._block.__exit__, kind, error, trace)
