"""Closing a store signs it and never fails for that, whatever the key folder is and whoever closes beside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from objstore.keys.key_folder import default_folder
from tests.processes import environment, start
from tests.signing.worlds import kinds, make, verified

APPEND = """
import sys, objstore
for number in range(int(sys.argv[4])):
    with objstore.open(sys.argv[1], keys=sys.argv[2]) as store:
        store.conversations.open(sys.argv[3], create=True).append(number)
"""


@pytest.mark.parametrize("keys", ["file/keys", "file", "/dev/null/keys"])
def test_a_key_folder_that_cannot_be_made_fails_no_close_and_no_open(keys: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / keys  # joining with an absolute path gives that
    for number in range(2):
        with objstore.open(tmp_path / "store", create=True, keys=folder) as store:
            store.conversations.open("c", create=True).append(number)
            assert "unsigned" in {doubt.kind for doubt in store.verify().doubts}
    with objstore.open(tmp_path / "store", keys=folder, read_only=True) as store:
        assert list(store.conversations.open("c")) == [0, 1]


def test_without_a_usable_home_stores_work_and_say_that_nothing_is_signed(tmp_path: Path) -> None:
    code = (
        "import sys, objstore\n"
        "with objstore.open(sys.argv[1], create=True) as store:\n"
        "    store.conversations.open('c', create=True).append(1)\n"
        "    print(*sorted({doubt.kind for doubt in store.verify().doubts}))\n"
    )
    surroundings = {name: value for name, value in environment().items() if not name.startswith(("OBJSTORE", "XDG"))}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store")],
        env={**surroundings, "HOME": "/dev/null"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["unsigned"]


def test_tests_sign_with_keys_of_their_own() -> None:
    home = {name: value for name, value in os.environ.items() if name != "OBJSTORE_KEYS"}
    assert default_folder(os.environ) != default_folder(home)


def test_looking_only_changes_neither_store_nor_key_folder(tmp_path: Path) -> None:
    keys, place = tmp_path / "keys", make(tmp_path / "store", tmp_path / "keys")

    def state() -> dict[Path, tuple[int, bytes]]:
        files = [*place.rglob("*"), *keys.rglob("*")]
        return {
            path: (path.stat().st_mtime_ns, path.read_bytes())
            for path in files
            if path.suffix != ".lock" and path.is_file()
        }

    before = {path: data for path, (_, data) in state().items() if "journal" not in path.name}
    with objstore.open(place, keys=keys, read_only=True) as store:
        assert store.verify().sound
        assert list(store.conversations.open("c"))
    with objstore.open(place, keys=keys) as store:
        assert store.sign().number == 1
    after = {path: data for path, (_, data) in state().items() if "journal" not in path.name}
    assert after == before


def test_many_processes_that_close_together_all_sign_what_they_did(tmp_path: Path) -> None:
    keys, place = tmp_path / "keys", tmp_path / "store"
    objstore.open(place, create=True, keys=keys).close()
    writers = [start(APPEND, str(place), str(keys), f"c{number}", "6") for number in range(4)]
    for writer in writers:
        with writer:
            assert writer.wait(timeout=300) == 0
    found = verified(place, keys)
    assert (found.sound, found.number, found.refs) == (True, 24, 4)


def test_writers_that_overlap_on_one_ref_lose_nothing_and_leave_it_to_be_accepted(tmp_path: Path) -> None:
    keys, place = tmp_path / "keys", make(tmp_path / "store", tmp_path / "keys")
    with objstore.open(place, keys=keys) as one, objstore.open(place, keys=keys) as two:
        for number in range(3):
            one.conversations.open("c").append(number)
            two.conversations.open("c").append(number)
    assert kinds(verified(place, keys)) == {("unsigned", "conversations/c")}
    with objstore.open(place, keys=keys) as store:
        assert len(store.conversations.open("c")) == 11
        store.sign(accept=True)
    assert verified(place, keys).sound
