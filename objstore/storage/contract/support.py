"""What the contract is written with."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from threading import Barrier, Thread
from typing import Any

from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.protocol import Storage
from refs.edits import ABSENT, Applied, Expectation, Note, RefEdit

NOTE = Note("tester", "test", 1_000_000)


class Contract:
    """A group of promises, checked on the storages that `make` makes."""

    def make(self) -> Storage:
        """An empty storage of the plain domain, apart from all others."""
        raise NotImplementedError

    def reopen(self, storage: Storage) -> Storage | None:  # noqa: ARG002
        """What `storage` kept, opened anew after it was closed; None (the default) if nothing survives closing."""
        return None

    def damage(self, storage: Storage, oid: Oid) -> bool:  # noqa: ARG002
        """Alter the stored bytes of an object behind the storage's back; False (the default) if that cannot be done."""
        return False

    @contextmanager
    def storage(self) -> Generator[Storage, None, None]:
        """A storage that is closed at the end."""
        with closing(self.make()) as storage:
            yield storage


def blob(content: str | bytes) -> Object:
    """A blob of this content."""
    return PLAIN_HASHER.object(Kind.BLOB, content.encode() if isinstance(content, str) else content)


def some_objects(count: int, seed: int = 1, size: int = 600) -> list[Object]:
    """Blobs and events, the same for a seed: half of each cannot be compressed, sizes from 1 to twice `size`."""
    chance = random.Random(seed)
    made: list[Object] = []
    for number in range(count):
        length = chance.randint(1, size)
        payload = chance.randbytes(length) + b"%d " % number * (length // 4)
        made.append(PLAIN_HASHER.object(chance.choice((Kind.BLOB, Kind.EVENT)), payload))
    return made


def put(storage: Storage, objects: Sequence[Object]) -> Applied:
    """Keep objects without any ref."""
    return storage.apply(objects, (), NOTE)


def point(storage: Storage, name: str, obj: Object, expected: bytes | Expectation = ABSENT) -> Applied:
    """Keep an object and point a ref at it."""
    return storage.apply([obj], [RefEdit(name, obj.oid, expected)], NOTE)


def ids(objects: Iterable[Object]) -> list[Oid]:
    """The ids of objects."""
    return [obj.oid for obj in objects]


def race(threads: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(0)`, `work(1)`, … at once in threads of their own; their results, or the first one's error."""
    start, results = Barrier(threads), [None] * threads
    errors: list[BaseException] = []

    def run(me: int) -> None:
        start.wait()
        try:
            results[me] = work(me)
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
            errors.append(error)

    runners = [Thread(target=run, args=(me,)) for me in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    if errors:
        raise errors[0]
    return results


@contextmanager
def raises(kind: type[Exception]) -> Generator[list[Any], None, None]:
    """Expect an error of `kind`; what was caught is the list's one item."""
    caught: list[Any] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
    assert caught, f"no {kind.__name__} was raised"
