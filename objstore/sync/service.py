"""The far side of the sync protocol: from a storage and a request to a response, both as streams of bytes.

`Service(repo, access).answer(request)` is all that a transport needs. It keeps nothing between two requests, so any
number of them may be answered at once, by any number of processes on one storage. Errors travel in the response; only
faults of the transport itself are raised by it.

Over HTTP one request is one `POST` to `…/sync` with `Content-Type: application/x-objstore-sync`. Its body, which may
be streamed, is the whole stream of messages of one request (`protocol`); the body of the answer, which is streamed,
that of one response. The status is 200 whenever the request was read, also where the response ends in FAILED; other
statuses are the server's own: 401, 403 and 404 for who may not even ask, 413, 429, 503.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from objstore.errors import CorruptObject, InvalidRemote, ObjstoreError, ReadOnlyStore, SquashedHistory, StoreFull
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository
from objstore.sync.access import Access
from objstore.sync.arrival import LIMITS, Limits, TooMuch
from objstore.sync.closure import Closure
from objstore.sync.commit_check import CheckPath
from objstore.sync.heads import Heads, tag_objects
from objstore.sync.marks import Marks as TransferMarks
from objstore.sync.negotiation import bases_of, is_under
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
    Hello,
    List,
    Marks,
    Message,
    Outcomes,
    Push,
    Refs,
    RefState,
    encode_message,
)
from objstore.sync.receiving import Receiving
from objstore.sync.refspec import find_refs, parse_pattern
from objstore.sync.wire import Counted, CutShort, MessageReader
from objstore.version import __version__

CONTENT_TYPE = "application/x-objstore-sync"
_REFS = 2000  # in one message


class Refused(Exception):
    """A request that is refused; goes to the other side as FAILED."""

    def __init__(self, code: str, text: str, *facts: str) -> None:
        super().__init__(code, text, facts)
        self.failed = Failed(code, text, facts)


class Service:
    """Answers requests out of one repository. Safe between threads."""

    def __init__(
        self, repo: Repository, access: Access, check_path: CheckPath, limits: Limits = LIMITS, why: str = "push"
    ) -> None:
        """`check_path` as `CommitCheck`'s; `limits` for what a push may bring; `why` goes into the log of moved refs."""
        self._repo = repo
        self._access = access
        self._check_path = check_path
        self._limits = limits
        self._why = why

    def answer(self, request: Iterable[bytes]) -> Iterator[bytes]:
        """The response to one request, in pieces. The request is read as far as it is needed, and to its end unless the
        response ends in FAILED. Raises what `request` raises."""
        start = encode_message(Hello(VERSION, self._repo.hasher.domain, f"objstore {__version__}"))
        for piece in self._pieces(MessageReader(request)):
            yield start + piece  # not before the request was understood: it may have to be read to its end first
            start = b""

    def _pieces(self, reader: MessageReader) -> Iterator[bytes]:
        counted = Counted()
        try:
            yield from self._answer(reader, counted)
            yield counted.end()
        except Refused as refused:
            yield encode_message(refused.failed)
        except CutShort:
            yield encode_message(Failed("cut short", "the request ended in the middle"))
        except TooMuch:
            yield encode_message(Failed("limit", "it is more than this store takes in one transfer"))
        except CorruptObject as error:
            yield encode_message(Failed("corrupt", error.reason[:1000], (error.oid.hex() if error.oid else "",)))
        except (ReadOnlyStore, StoreFull) as error:
            yield encode_message(Failed("unwritable", error.reason[:1000]))
        except SquashedHistory:
            text = "its history was squashed here, and goes only to a store that has the beginning"
            yield encode_message(Failed("failed", text))
        except ObjstoreError as error:
            # Not its text: that may name places and refs which are nobody's business.
            yield encode_message(Failed("failed", f"the store failed with {type(error).__name__}"))

    def _answer(self, reader: MessageReader, counted: Counted) -> Iterator[bytes]:
        self._greet(reader.next())
        request = reader.next()
        if isinstance(request, Push):
            receiving = Receiving(self._repo, self._access, self._check_path, self._limits, self._why)
            yield encode_message(Outcomes(receiving.receive(request, reader)))
            return
        if reader.next() != End(0, 0):
            raise CorruptObject(None, "a request that goes on where it should end")
        if isinstance(request, List):
            yield from self._list(request)
        elif isinstance(request, Fetch):
            yield from self._fetch(request, counted)
        else:
            raise Refused("unknown", "that is no request")

    def _greet(self, hello: Message) -> None:
        if not isinstance(hello, Hello):
            raise Refused("unknown", "a request begins with HELLO")
        if hello.version != VERSION:
            raise Refused("version", f"this store speaks version {VERSION} of the protocol, not {hello.version}")
        if hello.domain != self._repo.hasher.domain:
            raise Refused("domain", "one store is encrypted and the other is not, or with another key")

    def _list(self, request: List) -> Iterator[bytes]:
        patterns = self._patterns(request.patterns)
        found = (
            RefState(ref.name, Oid(ref.value), ref.sequence)
            for ref in find_refs(self._repo.storage.refs, patterns)
            if self._access.can_read(ref.name)
        )
        while some := tuple(islice(found, _REFS)):
            yield encode_message(Refs(some))
        heads = Heads(self._repo, self._access)
        yield encode_message(Common(tuple(n for n, ask in enumerate(request.asks) if heads.reach(ask))))
        marks: Iterable[Oid] = ()
        if request.push_id:
            marks = TransferMarks(self._repo, self._access.scope, request.push_id).oids
        yield encode_message(Marks(tuple(sorted(marks)[:MAX_IDS])))

    def _patterns(self, texts: Sequence[str]) -> list[str]:
        try:
            return [parse_pattern(text) for text in texts]
        except InvalidRemote as error:
            raise Refused("pattern", str(error)[:1000]) from None

    def _fetch(self, request: Fetch, counted: Counted) -> Iterator[bytes]:
        repo = self._repo
        heads = Heads(repo, self._access)
        wanted: dict[Oid, list[str]] = {}
        tags: list[Oid] = []
        for want in request.wants:
            commit = heads.commit_at(want)
            if commit is None:
                if not self._access.can_read(want.name):
                    self._access.denied(want.name, "read")
                raise Refused("moved", "a ref is not there any more, or was moved back", want.name)
            wanted.setdefault(commit, []).append(want.name)
            if commit != want.oid:
                tags.append(want.oid)
        haves = [(number, have) for number, have in enumerate(request.haves) if _is_there(repo, heads, wanted, have)]
        met = bases_of(repo, wanted, [(have.name, have.oid) for _, have in haves])
        bases = {oid: haves[number][0] for found in met.values() for oid, number in found.items()}
        yield encode_message(Bases(tuple(Base(number, oid) for oid, number in bases.items())))
        yield from counted.frames(Closure(repo, met, tombstones=True).objects())
        yield from counted.frames(tag_objects(repo, tags))


def _is_there(repo: Repository, heads: Heads, wanted: Iterable[Oid], have: At) -> bool:
    """Whether what another side has is here, under its name or (without one) under anything that is wanted."""
    if have.name:
        return heads.reach(have)
    return any(is_under(repo, have.oid, head) for head in wanted)
