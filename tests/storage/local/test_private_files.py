"""What a store and its backups consist of is for their user alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}


@pytest.mark.usefixtures("open_umask")
def test_all_files_of_stores_and_backups_are_for_their_user_alone(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conv = store.conversations.open("c1", create=True)
        conv.append_many([{"role": "user", "content": f"word {number}"} for number in range(300)])
        store.repack()
        conv.append({"role": "user", "content": "fresh"})
        assert list(store.conversations.search("word"))
        assert list(store.conversations.find())
        store.access.grant("agent", "conversations/team", ["read"])
        store.gc(thorough=True)
        store.backup(tmp_path / "backup")
        found = modes(tmp_path / "store")
    objstore.open_backup(tmp_path / "backup").restore(tmp_path / "restored")
    found |= modes(tmp_path / "backup") | modes(tmp_path / "restored")
    names = {Path(name).suffix for name in found}
    assert {".sqlite", ".pack", ".index", ".log", ".manifest"} <= names
    assert {name: oct(mode) for name, mode in found.items() if mode not in {0o600, 0o700}} == {}
