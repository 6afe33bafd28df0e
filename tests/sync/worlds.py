"""What these tests share: stores with a bit of everything in them, and all that can be told of a conversation."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

import objstore
from objstore.errors import RemoteFailed
from objstore.files.paths import check_path
from objstore.repository.repository import Repository, Surroundings
from objstore.storage.memory import MemoryStorage
from objstore.storage.protocol import Storage
from objstore.sync.access import Access, Owner
from objstore.sync.arrival import LIMITS, Limits
from objstore.sync.fetching import Near
from objstore.sync.service import Service

NOW = 1_800_000_000_000_000


def fill(store: objstore.Store, name: str, draw: random.Random, steps: int = 30) -> None:
    """Take some random steps in a conversation."""
    conv = store.conversations.open(name, create=True)
    for step in range(steps):
        what = draw.randrange(6)
        if what < 2:
            conv.append({"step": step, "text": "word " * draw.randrange(50)})
        elif what == 2:
            conv.append_many(range(draw.choice([2, 1100])))
        elif what == 3:
            conv.files.write(f"{draw.randrange(20)}/f", draw.randbytes(draw.choice([10, 300_000])))
        elif what == 4:
            conv.settings.set(f"k{draw.randrange(5)}", step)
        else:
            conv.metadata.set("title", f"{name} {step}")


def told(store: objstore.Store, name: str) -> tuple[object, ...]:
    """Everything that a reader can see of a conversation."""
    conv = store.conversations.open(name)
    files = {info.path: conv.files.read(info.path) for info in conv.files.find()}
    return conv.head, list(conv), files, conv.settings.values(), conv.metadata.values(), [c.oid for c in conv.log()]


def results(refs: Iterable[object]) -> dict[str, str]:
    """What became of refs, by name."""
    return {getattr(ref, "name"): getattr(ref, "result") for ref in refs}  # noqa: B009 - of several classes


def heads(store: objstore.Store) -> dict[str, str]:
    """The public refs of a store."""
    return {
        ref.name: ref.value.hex() for ref in store.refs.find() if not ref.name.startswith(("remotes/", "incoming/"))
    }


def assert_sound(*stores: objstore.Store) -> None:
    """Nothing is damaged, and no transfer left a mark."""
    for store in stores:
        assert list(store.check()) == []
        assert list(store.refs.find("incoming/")) == []


def repo_of(storage: Storage | None = None, seed: int = 0) -> Repository:
    """A repository with a clock that stands still, in memory unless a storage is given."""
    return Repository(storage or MemoryStorage(), Surroundings(lambda: NOW, random.Random(seed).randbytes, "tester"))


def service_of(repo: Repository, access: Access | None = None, limits: Limits = LIMITS) -> Service:
    """The far side of a repository."""
    return Service(repo, access or Owner(), check_path, limits)


def near_of(repo: Repository) -> Near:
    """The near side of transfers with a remote called `far`."""
    return Near(repo, "far", check_path)


class Cut:
    """A transport to a service that goes away: before piece `request` of what is sent, or `response` of what comes."""

    place = "cut"

    def __init__(self, service: Service, request: int | None = None, response: int | None = None) -> None:
        self._service = service
        self._request = request
        self._response = response
        self.pieces = [0, 0]

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The response, up to the cut."""
        for piece in self._service.answer(self._until(pieces, 0, self._request, ConnectionError)):
            yield from self._until([piece], 1, self._response, lambda: RemoteFailed(self.place, "it went away"))

    def close(self) -> None:
        """Nothing to close."""

    def _until(
        self, pieces: Iterable[bytes], side: int, end: int | None, error: Callable[[], Exception]
    ) -> Iterator[bytes]:
        for piece in pieces:
            if self.pieces[side] == end:
                raise error()
            self.pieces[side] += 1
            yield piece
