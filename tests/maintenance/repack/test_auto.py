"""A long-lived process repacks by itself, beside its appends, and stops when it is told to."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

import objstore
from objstore.maintenance.repack.auto import AutoRepack, RepackWarning
from objstore.storage.local.storage import LocalStorage

_PATIENCE = 120.0


def _storage(store: objstore.Store) -> LocalStorage:
    assert isinstance(store.storage, LocalStorage)
    return store.storage


def _await_pack(storage: LocalStorage) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not storage.journal.packs():
        assert time.monotonic() < deadline, "nothing was packed"
        time.sleep(0.01)


def test_what_is_over_the_threshold_is_packed_in_the_background_beside_appends(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        storage = _storage(store)
        auto = AutoRepack(storage, rows=200, every=0.0)
        storage.tell(auto.look)
        conversation = store.conversations.create("c")
        said = [{"n": number, "text": "text " * 20} for number in range(300)]
        conversation.append_many(said)
        storage.settle()
        deadline = time.monotonic() + _PATIENCE
        while not storage.journal.packs():
            assert time.monotonic() < deadline, "nothing was packed"
            said.append({"n": len(said)})
            conversation.append(said[-1])
        auto.close()
        assert auto.error is None
        assert list(conversation) == said
        assert not store.fsck().findings


def test_what_is_below_the_thresholds_stays_in_the_journal(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        storage = _storage(store)
        store.conversations.create("c").append_many(list("abc"))
        storage.settle()
        auto = AutoRepack(storage, every=0.0)
        auto.look()
        auto.close()
        assert storage.journal.packs() == []
        assert auto.error is None


def test_closing_ends_a_repack_at_its_next_step_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        said = [{"n": number, "text": "text " * 20} for number in range(2000)]
        store.conversations.create("c").append_many(said)
        storage = _storage(store)
        storage.settle()
        auto = AutoRepack(storage, rows=1, every=0.0)
        auto.look()
        auto.close()
        auto.look()
        assert not [thread for thread in threading.enumerate() if thread.name == "objstore-repack"]
        assert list(store.conversations.open("c")) == said
        assert store.repack().damaged == 0
        assert not store.fsck().findings
        assert {file.suffix for file in (path / "packs").iterdir()} == {".pack", ".index"}


def test_a_size_alone_is_enough_and_the_flag_of_open_turns_it_on(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True, auto_repack=True) as store:
        store.repack_by_itself()  # It is on already.
        storage = _storage(store)
        store.conversations.create("c").append_many(["long " * 200] * 20)
        storage.settle()
        assert storage.journal.packs() == []  # It looks every few seconds only, and this is too little.
        auto = AutoRepack(storage, size=100, every=0.0)
        auto.look()
        _await_pack(storage)
        auto.close()
        assert list(store.conversations.open("c")) == ["long " * 200] * 20


def test_a_repack_that_failed_is_told_at_the_end_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        said = ["long " * 200] * 20
        store.conversations.create("c").append_many(said)
        storage = _storage(store)
        storage.settle()
        (path / "packs").rename(path / "aside")
        (path / "packs").write_bytes(b"a file where the folder should be")
        auto = AutoRepack(storage, size=100, every=0.0)
        auto.look()
        deadline = time.monotonic() + _PATIENCE
        while auto.error is None:
            assert time.monotonic() < deadline, "nothing failed"
            time.sleep(0.01)
        with pytest.warns(RepackWarning, match="objstore fsck"):
            auto.close()
        auto.close()
        assert list(store.conversations.open("c")) == said
