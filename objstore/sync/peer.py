"""The near side of the sync protocol: requests as calls, responses as values, and nothing believed that was not checked."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, TypeVar

from objstore.errors import CorruptObject, InvalidRefName, RemoteFailed, RemoteRefused
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Object, Oid
from objstore.sync.protocol import (
    MAX_IDS,
    VERSION,
    At,
    Base,
    Bases,
    Common,
    End,
    Failed,
    Fetch,
    Frame,
    Hello,
    List,
    Marks,
    Message,
    Move,
    Outcome,
    Outcomes,
    Push,
    Refs,
    RefState,
    encode_message,
)
from objstore.sync.refspec import matches
from objstore.sync.transport import Transport
from objstore.sync.wire import Counted, CutShort, Frames, MessageReader
from objstore.version import __version__
from refs.name import check_name

MAX_REFS = 1_000_000
"""Refs that a listing may have."""

M = TypeVar("M")


class Listing(NamedTuple):
    """What a far side says of itself: its refs by name, which of the asked commits it has, and marks of a push."""

    refs: dict[str, RefState]
    common: frozenset[At]
    marks: tuple[Oid, ...]


class Peer:
    """A far side behind a transport. For one thread; a context manager."""

    def __init__(self, transport: Transport, hasher: Hasher) -> None:
        self._transport = transport
        self._hasher = hasher
        self.round_trips = 0
        """How many requests were sent."""
        self.sent = 0
        """Objects sent so far."""

    @property
    def place(self) -> str:
        """Where it is."""
        return self._transport.place

    def list(self, patterns: Sequence[str], asks: Sequence[At] = (), push_id: bytes = b"") -> Listing:
        """The refs that match, and what is common. RemoteFailed, RemoteRefused; CorruptObject: that is no answer."""
        replies = self._ask(List(tuple(patterns), tuple(asks[:MAX_IDS]), push_id))
        refs: dict[str, RefState] = {}
        while isinstance(message := next(replies), Refs):
            for ref in message.refs:
                if len(refs) >= MAX_REFS or ref.name in refs or not matches(patterns, ref.name):
                    raise CorruptObject(None, "a listing with a ref that was not asked for, or too many")
                try:
                    refs[check_name(ref.name)] = ref
                except InvalidRefName as error:
                    raise CorruptObject(None, f"a listing with a ref {error}") from None
        numbers = _expect(message, Common).asks
        marks = _expect(next(replies), Marks).oids
        _finish(replies)
        if any(number >= len(asks) for number in numbers):
            raise CorruptObject(None, "a listing that has what was not asked about")
        return Listing(refs, frozenset(asks[number] for number in numbers), marks)

    def fetch(self, wants: Sequence[At], haves: Sequence[At]) -> tuple[tuple[Base, ...], Iterator[Object]]:
        """What the objects build on, and the objects, to be read to the end. Errors as `list`, also while reading."""
        replies = self._ask(Fetch(tuple(wants), tuple(haves[:MAX_IDS])))
        bases = _expect(next(replies), Bases).bases
        return bases, self._objects(replies)

    def push(
        self, push_id: bytes, moves: Sequence[Move], bases: Sequence[At], objects: Iterable[Object]
    ) -> tuple[Outcome, ...]:
        """Send objects and move refs, all or none; what became of each. Errors as `list`."""
        replies = self._ask(Push(push_id, tuple(moves), tuple(bases)), objects)
        outcomes = _expect(next(replies), Outcomes).outcomes
        _finish(replies)
        if [outcome.name for outcome in outcomes] != [move.name for move in moves]:
            raise CorruptObject(None, "an answer to another push")
        return outcomes

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, request: List | Fetch | Push, objects: Iterable[Object] = ()) -> Generator[Message, None, None]:
        """The messages of the response behind its HELLO, END being the last."""
        self.round_trips += 1
        reader = MessageReader(self._transport.request(self._pieces(request, objects)))
        try:
            hello = reader.next()
            if not isinstance(hello, Hello):
                raise CorruptObject(None, "an answer that does not begin with HELLO")
            while True:
                message = reader.next()
                if isinstance(message, Failed):
                    raise RemoteRefused(self.place, message.code, message.text)
                if hello.version != VERSION or hello.domain != self._hasher.domain:
                    raise RemoteRefused(self.place, "version", "it speaks another version, or of another key domain")
                yield message
                if isinstance(message, End):
                    return
        except CutShort:
            raise RemoteFailed(self.place, "it went away in the middle of an answer") from None

    def _pieces(self, request: List | Fetch | Push, objects: Iterable[Object]) -> Iterator[bytes]:
        counted = Counted()
        hello = Hello(VERSION, self._hasher.domain, f"objstore {__version__}")
        yield encode_message(hello) + encode_message(request)
        for piece in counted.frames(objects):
            self.sent = counted.objects
            yield piece
        yield counted.end()

    def _objects(self, replies: Iterator[Message]) -> Iterator[Object]:
        frames = Frames(self._hasher)
        while not isinstance(message := next(replies), End):
            yield from frames.open(_expect(message, Frame))
        frames.check_end(message)


def _expect(message: Message, kind: type[M]) -> M:
    if not isinstance(message, kind):
        raise CorruptObject(None, f"an answer with a {type(message).__name__} where a {kind.__name__} should be")
    return message


def _finish(replies: Iterator[Message]) -> None:
    if _expect(next(replies), End) != (0, 0):
        raise CorruptObject(None, "an answer without objects whose end speaks of some")
