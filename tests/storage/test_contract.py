"""The contract, on every storage and every wrapper around one; and that it finds storages that break a promise."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from objstore.errors import RefConflict
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Object, Oid
from objstore.storage.caching import Caching
from objstore.storage.contract import StorageContract, StorageRefsContract
from objstore.storage.faulty import Fault, Faulty, chance, script
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage
from objstore.storage.memory import MemoryStorage
from objstore.storage.protocol import Stage, Storage
from objstore.storage.wrapper import Wrapper
from refs.edits import Applied, Note, RefEdit


class InMemory(StorageContract):
    """How to make, reopen and damage a storage in memory, plain or wrapped."""

    stages_in_memory = True

    def make(self) -> Storage:
        return self.wrap(MemoryStorage())

    def wrap(self, storage: Storage) -> Storage:
        return storage

    def damage(self, storage: Storage, oid: Oid) -> bool:
        inner = innermost(storage)
        assert isinstance(inner, MemoryStorage)
        inner._objects[oid] = inner._objects[oid]._replace(payload=b"damaged")
        return True


class InAFolder(StorageContract):
    """The same for a local one."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.made = 0

    def make(self) -> Storage:
        self.made += 1
        return self.wrap(open_local(self.folder / str(self.made), create=True))

    def wrap(self, storage: Storage) -> Storage:
        return storage

    def reopen(self, storage: Storage) -> Storage | None:
        return self.wrap(open_local(Path(storage.place)))

    def damage(self, storage: Storage, oid: Oid) -> bool:
        inner = innermost(storage)
        assert isinstance(inner, LocalStorage)
        inner.settle()
        with sqlite3.connect(inner.journal.path) as connection:
            connection.execute("UPDATE objects SET data = x'0064616d61676564' WHERE oid = ?", (oid,))
        connection.close()
        return True


def innermost(storage: Storage) -> Storage:
    while isinstance(storage, Wrapper):
        storage = storage.inner
    return storage


class TestMemory(InMemory): ...


class TestLocal(InAFolder): ...


class TestCachingMemory(InMemory):
    def wrap(self, storage: Storage) -> Storage:
        return Caching(storage, 1 << 20)


class TestCachingLocal(InAFolder):
    def wrap(self, storage: Storage) -> Storage:
        return Caching(storage, 1 << 20)


class TestTinyCache(InMemory):
    def wrap(self, storage: Storage) -> Storage:
        return Caching(storage, 5_000)


class TestFaultyWithoutAFault(InMemory):
    def wrap(self, storage: Storage) -> Storage:
        return Faulty(storage, script({}))


class TestDelayedLocal(InAFolder):
    def wrap(self, storage: Storage) -> Storage:
        return Faulty(storage, chance(1, 0.1, Fault(delay=0.001), ("read", "apply", "turn", "refs.get")))


class TestWrappersAroundWrappers(InAFolder):
    def wrap(self, storage: Storage) -> Storage:
        return Caching(Faulty(Caching(storage, 100_000), script({})), 100_000)


class TestRefsOfMemory(StorageRefsContract):
    def make_storage(self) -> Storage:
        return MemoryStorage()


class TestRefsOfLocal(StorageRefsContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        self.storage = open_local(tmp_path / "store", create=True)
        yield
        self.storage.close()

    def make_storage(self) -> Storage:
        return Faulty(Caching(self.storage, 1 << 20), script({}))


# Storages with one fault each, for the contract to find.


class Unverified(MemoryStorage):
    """Gives damaged bytes."""

    def read(self, oid: Oid) -> Object:
        super().missing([oid])
        return self._objects[oid] if oid in self._objects else super().read(oid)


class Unordered(MemoryStorage):
    """Gives many objects in its own order."""

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        return super().read_many(sorted(oids))


class ErrorsFirst(MemoryStorage):
    """Reads all before it gives the first."""

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        return iter([self.read(oid) for oid in oids])


class OncePerId(MemoryStorage):
    """Gives each object once, however often it was asked for."""

    def read_many(self, oids: Iterable[Oid]) -> Iterator[Object]:
        return super().read_many(dict.fromkeys(oids))


class KindBlind(MemoryStorage):
    """Compares payloads."""

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        payloads = {self.hasher.oid(kind, obj.payload) for obj in self._objects.values() for kind in Kind}
        return {oid for oid in super().missing(oids) if oid not in payloads}


class ObjectsStay(MemoryStorage):
    """A conflict leaves the objects behind."""

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        try:
            return super().apply(objects, edits, note, stage)
        except RefConflict:
            super().apply(objects, (), note)
            raise


class LosesStages(MemoryStorage):
    """Forgets the stage where there are edits."""

    def apply(
        self, objects: Sequence[Object], edits: Sequence[RefEdit], note: Note, stage: Stage | None = None
    ) -> Applied:
        return super().apply(objects, edits, note, None if edits else stage)


class EightBytes(MemoryStorage):
    """Looks at no more than eight bytes of a prefix."""

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        return super().find_ids(prefix[:8], odd_nibble and len(prefix) <= 8, limit)


class Unlimited(MemoryStorage):
    """Finds more than asked for."""

    def find_ids(self, prefix: bytes, odd_nibble: bool, limit: int) -> list[Oid]:
        return super().find_ids(prefix, odd_nibble, 1_000)


class Openhearted(MemoryStorage):
    """Answers although it is closed."""

    def missing(self, oids: Iterable[Oid]) -> set[Oid]:
        return {oid for oid in oids if oid not in self._objects}


class EagerStage(MemoryStorage):
    """Shows what is only staged."""

    def stage(self) -> Stage:
        stage, add = super().stage(), self.apply
        original = stage.add

        def adding(obj: Object) -> None:
            original(obj)
            add([obj], (), Note("eager", "stage", 0))

        stage.add = adding  # type: ignore[method-assign]
        return stage


FAULTY = [Unverified, Unordered, ErrorsFirst, OncePerId, KindBlind, ObjectsStay, LosesStages, EightBytes, Unlimited]
FAULTY += [Openhearted, EagerStage]


@pytest.mark.parametrize("faulty", FAULTY)
def test_the_contract_finds_the_fault(faulty: type[MemoryStorage]) -> None:
    class Contract(InMemory):
        def make(self) -> Storage:
            return faulty(PLAIN_HASHER)

    tests = [name for name in dir(Contract) if name.startswith("test_")]
    assert len(tests) > 30
    assert any(fails(getattr(Contract(), name)) for name in tests)


def fails(test: Callable[[], None]) -> bool:
    try:
        test()
    except Exception:
        return True
    return False
