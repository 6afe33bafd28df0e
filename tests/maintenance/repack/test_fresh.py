from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

import objstore
from objstore.maintenance.repack import fresh
from objstore.maintenance.repack.pace import Pace, Stopped
from objstore.maintenance.repack.run import pack_and_merge
from objstore.storage.local.storage import LocalStorage
from tests.maintenance import stores


def test_a_damaged_row_stays_in_the_journal_and_all_others_are_packed(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        texts = [{"n": number, "text": "text " * 30} for number in range(100)]
        store.conversations.create("c").append_many(texts)
    with sqlite3.connect(path / "journal-1.sqlite") as connection:
        events = "SELECT id FROM objects WHERE kind = 5 ORDER BY id"
        first, second = (number for (number,) in connection.execute(f"{events} LIMIT 2"))
        connection.execute("UPDATE objects SET data = x'07' WHERE id = ?", (first,))
        connection.execute("UPDATE objects SET data = x'00' || oid WHERE id = ?", (second,))
    connection.close()
    with objstore.open(path) as store:
        done = store.repack()
        assert done.damaged == 2
        assert done.objects >= 198
        assert isinstance(store.storage, LocalStorage)
        assert [number for number, _, _ in store.storage.journal.ids()] == [first, second]
        assert list(store.conversations.open("c")[2:]) == texts[2:]
        assert store.repack().damaged == 2
        assert len({finding.oid for finding in store.fsck().findings if finding.oid}) == 2


def test_a_long_journal_goes_into_several_packs_so_that_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh, "_SLICE_ROWS", 100)
    with objstore.open(tmp_path / "store", create=True) as store:
        texts = [{"n": number} for number in range(300)]
        store.conversations.create("c").append_many(texts)
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        moved = [each.objects for each in fresh.pack_journal(storage, Pace())]
        assert moved[:6] == [100] * 6
        assert [row.objects for row in storage.journal.packs()] == moved
        assert not list(storage.journal.ids())
        assert list(store.conversations.open("c")) == texts


def test_a_row_whose_object_is_packed_already_just_goes(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        store.conversations.create("c").append_many(list("abc"))
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        pack = storage.fine_pack()
        for obj in storage.journal.pending():
            pack.add(obj)
        storage.settle()
        for _, obj in storage.journal.scan():
            pack.add(obj)
        storage.list_pack(pack)
        pack.discard()
        assert store.repack().objects == 0
        assert not list(storage.journal.ids())
        assert len(storage.journal.packs()) == 1


class _StopsAt(Pace):
    batch = 50

    def __init__(self, step: int) -> None:
        self._left = step

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Stopped

    def wrote(self, seconds: float) -> None:
        self.step()


def test_a_repack_that_stops_at_any_step_leaves_everything_and_the_next_one_goes_on(tmp_path: Path) -> None:
    path = stores.make(tmp_path / "store", events=300)
    with objstore.open(path) as store:
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        before = stores.content(store)
        draw = random.Random(3)
        stopped = 0
        for turn in range(40):
            store.conversations.open("more", create=True).append_many([f"{turn} {draw.random()}" * 9] * 10)
            step = round(10 ** draw.uniform(0, 3.4))
            try:
                with storage.maintenance():
                    pack_and_merge(storage, _StopsAt(step))
            except Stopped:
                stopped += 1
            found = stores.content(store)
            assert {name: found[name] for name in before} == before, f"turn {turn}, step {step}"
        assert 10 < stopped < 40
        store.repack()
        assert not list(storage.journal.ids())
        assert not store.fsck().findings
        assert {file.suffix for file in (path / "packs").iterdir()} == {".pack", ".index"}
