"""A stage of a local store, small or large, outlives a transaction that came to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from objstore.errors import RefConflict
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind
from objstore.storage.local.open_local import open_local
from refs.edits import ABSENT, Note, RefEdit

NOTE = Note("ada", "why", 1)


@pytest.mark.parametrize("count", [3, 2000])
def test_a_stage_whose_apply_met_a_conflict_can_be_read_and_applied_again(tmp_path: Path, count: int) -> None:
    objects = [PLAIN_HASHER.object(Kind.BLOB, b"%d" % number * 50) for number in range(count)]
    storage = open_local(tmp_path / "s", create=True)
    storage.apply((), [RefEdit("a", b"1", ABSENT)], NOTE)
    with storage.stage() as stage:
        for obj in objects:
            stage.add(obj)
        with pytest.raises(RefConflict):
            storage.apply((), [RefEdit("a", b"2", ABSENT)], NOTE, stage)
        assert [stage.read(obj.oid) for obj in objects] == objects
        assert len(storage.missing(obj.oid for obj in objects)) == count
        storage.apply((), [RefEdit("a", b"2", b"1")], NOTE, stage)
    assert list(storage.read_many(obj.oid for obj in objects)) == objects
    storage.close()
    assert len(list((tmp_path / "s" / "packs").glob("*.pack"))) == (count > 1000)
