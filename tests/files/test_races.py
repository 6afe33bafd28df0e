"""What hostile and odd directories can do: symlinks swapped in meanwhile, cycles, holes, names at the limits."""

from __future__ import annotations

import os
import shutil
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from objstore.errors import InvalidPath
from objstore.files.checkout import checkout
from objstore.objects.kinds import Oid
from objstore.storage.memory import MemoryStorage
from tests.files.folders import describe, fill, take


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "top"
    folder.mkdir()
    return folder


def rounds(least: int, swaps: list[int]) -> Iterator[int]:
    """Numbers of rounds: at least so many, and on until the folder was swapped often, however busy the machine is."""
    for number in count():
        if number >= least and swaps[0] > 20:
            return
        yield number


@contextmanager
def swapping(place: Path, outside: Path) -> Iterator[list[int]]:
    """Meanwhile a folder is a symlink to another one, then a folder again, as often as can be; how often."""
    stop = threading.Event()
    swaps = [0]

    def work() -> None:
        while not stop.is_set():
            hidden = place.with_name(f"{place.name}-hidden-{swaps[0]}")
            with suppress(OSError):
                place.rename(hidden)
                place.symlink_to(outside)
                swaps[0] += 1
                place.unlink()
            try:
                hidden.rename(place)
            except OSError:  # somebody made it anew in between
                shutil.rmtree(hidden, ignore_errors=True)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield swaps
    finally:
        stop.set()
        thread.join()


def test_a_folder_that_becomes_a_symlink_meanwhile_leads_no_checkout_outside(top: Path, tmp_path: Path) -> None:
    storage = MemoryStorage()
    source = tmp_path / "source"
    roots: list[Oid] = []
    for version in (b"one", b"three"):
        fill(source, {f"inner/deep/{number}": version + b"%d" % number for number in range(30)})
        roots.append(take(source, storage).root)
    outside = tmp_path / "outside"
    fill(outside, {"deep/0": b"not yours", "deep/mine": b"mine"})
    before = describe(outside)
    checkout(roots[0], storage, top)
    with swapping(top / "inner", outside) as swaps:
        for turn in rounds(40, swaps):
            with suppress(OSError):  # a folder that vanishes on the way is an error, and no harm
                checkout(roots[1 - turn % 2], storage, top, previous=roots[turn % 2])
    assert describe(outside) == before


def test_a_folder_that_becomes_a_symlink_meanwhile_leads_no_snapshot_outside(top: Path, tmp_path: Path) -> None:
    secret = b"a secret that no snapshot may hold"
    outside = tmp_path / "outside"
    fill(outside, {f"{number}": secret for number in range(30)})
    fill(top, {f"inner/{number}": b"ours" for number in range(30)})
    storage = MemoryStorage()
    with swapping(top / "inner", outside) as swaps:
        for _ in rounds(60, swaps):
            take(top, storage)
    assert all(storage.read(oid).payload != secret for oid, _, _ in storage.objects())


def test_symlinks_in_circles_are_data(top: Path, tmp_path: Path) -> None:
    fill(top, {"a/self": ".", "a/up": "..", "a/b": "c", "a/c": "b", "a/file": b"x"})
    (top / "a" / "absolute").symlink_to(top)
    storage = MemoryStorage()
    taken = take(top, storage)
    assert (taken.entries, taken.problems) == (6, ())
    checkout(taken.root, storage, tmp_path / "copy")
    assert describe(tmp_path / "copy") == describe(top)


def test_names_at_the_limits_come_back(top: Path, tmp_path: Path) -> None:
    longest = "é" * 127 + "x"
    assert len(longest.encode()) == 255
    composed, apart = unicodedata.normalize("NFC", "é.txt"), unicodedata.normalize("NFD", "é.txt")
    names = [longest, composed, apart, "Case", "case", " lead", "-rf", "a\u200bb", "tab'\"$`*?<>|"]
    fill(top, {f"sub/{name}": name.encode() for name in names})
    storage = MemoryStorage()
    taken = take(top, storage)
    held = taken.entries + len(taken.problems)
    assert held == len(names)
    checkout(taken.root, storage, tmp_path / "copy")
    copied = describe(tmp_path / "copy")
    assert len(copied) == taken.entries
    assert {path: what for path, what in describe(top).items() if path in copied} == copied


@pytest.mark.parametrize(
    "name", [".git", ".GIT", "git~1", ".g\u200cit", "CON", "nul.txt", "a.", "a ", "x" * 256, "a\\b", "..", "aux.c"]
)
def test_a_name_that_is_another_elsewhere_is_refused_wherever_it_stands(name: str) -> None:
    from objstore.files.paths import check_path

    for path in (name, f"a/{name}", f"{name}/a"):
        with pytest.raises(InvalidPath):
            check_path(path)


def test_a_file_with_a_large_hole_comes_back_with_its_bytes(top: Path, tmp_path: Path) -> None:
    with (top / "sparse").open("wb") as file:
        file.write(b"begin")
        file.seek(50_000_000)
        file.write(b"end")
    storage = MemoryStorage()
    taken = take(top, storage)
    assert sum(len(obj.payload) for obj in storage._objects.values()) < 2_000_000, "a hole is stored once"
    checkout(taken.root, storage, tmp_path / "copy")
    assert (tmp_path / "copy" / "sparse").read_bytes() == (top / "sparse").read_bytes()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_reported_and_the_rest_goes_on(top: Path) -> None:
    fill(top, {"closed/a": b"a", "open": b"o"})
    (top / "closed").chmod(0)
    try:
        taken = take(top, MemoryStorage())
    finally:
        (top / "closed").chmod(0o755)
    assert [problem.path for problem in taken.problems] == ["closed"]
    assert taken.entries == 1
