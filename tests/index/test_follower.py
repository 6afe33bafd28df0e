"""Following refs: what changed since a mark is found, whatever happened, and an unusable mark asks for all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from objstore.index.follower import NEVER, Mark, changed_since
from objstore.storage.local.open_local import open_local
from objstore.storage.memory import MemoryStorage
from objstore.storage.protocol import Storage
from refs.edits import ANY, Note, RefEdit


@pytest.fixture(params=["memory", "local"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    made: Storage = MemoryStorage() if request.param == "memory" else open_local(tmp_path / "s", create=True)
    yield made
    made.close()


def move(
    storage: Storage, *names: str, value: bytes | None = b"x" * 32, why: str = "append", step: bool = False
) -> None:
    storage.apply((), [RefEdit(name, value, ANY, step) for name in names], Note("w", why, 1))


def test_an_empty_store_has_nothing_to_follow(storage: Storage) -> None:
    assert changed_since(storage.refs, NEVER, "c/").nothing


def test_a_first_look_is_at_everything_and_a_second_one_at_nothing(storage: Storage) -> None:
    move(storage, "c/a")
    first = changed_since(storage.refs, NEVER, "c/")
    assert first.names is None
    assert changed_since(storage.refs, first.mark, "c/").nothing


def test_moves_deletes_and_several_refs_at_once_are_found_by_prefix(storage: Storage) -> None:
    move(storage, "c/a")
    move(storage, "c/b")
    mark = changed_since(storage.refs, NEVER, "c/").mark
    move(storage, "c/b", value=None)
    move(storage, "c/d", "x/e", "c/f")
    move(storage, "x/g")
    assert changed_since(storage.refs, mark, "c/").names == {"c/b", "c/d", "c/f"}


def test_a_run_that_is_extended_again_and_again_is_one_change(storage: Storage) -> None:
    for _ in range(300):
        move(storage, "c/a", step=True)
    mark = changed_since(storage.refs, NEVER, "c/").mark
    for number in range(300):
        move(storage, "c/a", value=bytes([number % 256]) * 32, step=True)
    found = changed_since(storage.refs, mark, "c/")
    assert found.names == {"c/a"}
    assert changed_since(storage.refs, found.mark, "c/").nothing


def test_a_mark_of_another_log_asks_for_all(storage: Storage) -> None:
    move(storage, "c/a")
    mark = changed_since(storage.refs, NEVER, "c/").mark
    assert changed_since(storage.refs, Mark(mark.operation + 5, mark.chain), "c/").names is None
    assert changed_since(storage.refs, Mark(mark.operation, b"other"), "c/").names is None
    move(storage, "c/b", why="more")
    assert changed_since(storage.refs, Mark(mark.operation, b"other"), "c/").names is None


def test_after_very_many_transactions_all_refs_are_looked_at() -> None:
    storage = MemoryStorage()
    move(storage, "c/a")
    mark = changed_since(storage.refs, NEVER, "c/").mark
    for number in range(5000):
        move(storage, "c/a", why=f"{number}")
    assert changed_since(storage.refs, mark, "c/").names is None


@pytest.mark.parametrize("seed", range(5))
def test_whoever_follows_knows_every_ref_as_it_is(storage: Storage, seed: int) -> None:
    draw = random.Random(seed)
    known: dict[str, bytes] = {}
    mark = NEVER
    for _ in range(60):
        for _ in range(draw.randrange(4)):
            names = draw.sample([f"c/{n}" for n in range(8)] + ["x/1"], draw.choice([1, 1, 1, 2]))
            value = None if draw.random() < 0.2 else draw.randbytes(32)
            move(
                storage,
                *names,
                value=value,
                why=draw.choice(["append", "rewind"]),
                step=len(names) == 1 and value is not None,
            )
        changed = changed_since(storage.refs, mark, "c/")
        mark = changed.mark
        for name in (
            [ref.name for ref in storage.refs.find("c/")] + [*known] if changed.names is None else changed.names
        ):
            ref = storage.refs.get(name)
            known.pop(name, None)
            if ref is not None:
                known[name] = ref.value
        assert known == {ref.name: ref.value for ref in storage.refs.find("c/")}
