"""Packing beside others who pack and write loses nothing."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import objstore
from objstore.objects.kinds import Kind
from objstore.storage.local.open_local import open_local
from refs.edits import Note

NOTE = Note("ada", "why", 1)


def test_rows_that_got_the_numbers_of_packed_ones_are_not_deleted(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as other:
        conversation = other.conversations.create("c")
        conversation.append_many(list("abcdef"))
        storage = open_local(tmp_path / "store")
        storage.settle()
        rows = [(number, oid) for number, oid, _ in storage.journal.ids()]
        pack = storage.fine_pack()
        for _, oid in rows:
            pack.add(storage.read(oid))
        # Somebody else packs all of it, and what is written next begins with row 1 again.
        other.repack()
        fresh = [storage.hasher.object(Kind.BLOB, b"fresh %d" % number) for number in range(4)]
        storage.apply(fresh, (), NOTE)
        storage.settle()
        assert {number for number, _, _ in storage.journal.ids()} & {number for number, _ in rows}
        storage.list_pack(pack)
        storage.forget_rows(rows)
        pack.discard()
        assert not storage.missing(obj.oid for obj in fresh)
        storage.close()
        assert list(conversation) == list("abcdef")
        assert not other.fsck().findings


@pytest.mark.parametrize("seed", range(2))
def test_packing_twice_at_once_beside_writers_that_fork_and_undo_loses_nothing(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        stop = threading.Event()

        def write(number: int) -> list[str]:
            draw = random.Random(100 * seed + number)
            with objstore.open(path) as own:
                conversation = own.conversations.create(f"c{number}")
                texts: list[str] = []
                while not stop.is_set() or len(texts) < 20:
                    texts.append(f"{draw.random()}")
                    conversation.append(texts[-1])
                    if len(texts) % 7 == 0:
                        # An old commit, which may just be on its way into a pack, gets a new child.
                        at = draw.randrange(1, len(texts))
                        fork = conversation.fork(f"f{number}-{len(texts)}", at=at)
                        fork.append("more")
                        assert list(fork) == [*texts[:at], "more"]
                    if len(texts) % 5 == 0:
                        conversation.rewind(draw.randrange(len(texts)))
                        conversation.undo()
                return texts

        def pack() -> None:
            with objstore.open(path) as own:
                while not stop.is_set():
                    own.repack()

        with ThreadPoolExecutor(4) as threads:
            written = [threads.submit(write, number) for number in range(3)]
            other = threads.submit(pack)
            packed = turns = 0
            try:
                while (turns < 8 or not packed) and not any(thread.done() for thread in written):
                    packed += store.repack().objects
                    turns += 1
            finally:
                stop.set()
            other.result()
        for number, texts in enumerate(written):
            assert list(store.conversations.open(f"c{number}")) == texts.result()
        assert packed
        assert not store.fsck().findings
