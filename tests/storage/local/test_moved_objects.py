"""Reading an object while others move it from the journal into a pack."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

import objstore
from objstore.errors import StoreClosed
from objstore.objects.kinds import Object, Oid
from objstore.storage.local.lock import FileLock
from objstore.storage.local.open_local import open_local


def test_an_object_that_moves_between_two_looks_is_found_whichever_thread_learns_of_the_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "store"
    with objstore.open(place, create=True) as store:
        made = store.conversations.create("c").append({"n": 1})
        with closing(open_local(place)) as reader:
            look = reader.lookup._read_journal

            def look_late(oid: Oid) -> Object | None:
                store.repack()
                reader.refresh()  # as another thread of the reader's process does meanwhile
                return look(oid)

            monkeypatch.setattr(reader.lookup, "_read_journal", look_late)
            assert reader.read(made.oid).oid == made.oid


def test_who_waits_for_a_lock_that_was_closed_hears_so(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock", timeout=None)
    lock.close()
    with pytest.raises(StoreClosed):
        lock.acquire()
