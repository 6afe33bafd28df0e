"""Packing beside others who pack and write loses nothing."""

from __future__ import annotations

from pathlib import Path

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
        storage.move_to_pack(pack, rows)
        pack.discard()
        assert not storage.missing(obj.oid for obj in fresh)
        storage.close()
        assert list(conversation) == list("abcdef")
        assert not other.fsck().findings
