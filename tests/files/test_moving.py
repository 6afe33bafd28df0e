"""Moving, copying, deleting, appending, listing and globbing, against a dict of paths."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import objstore
from objstore.errors import InvalidPath, ObjstoreError, PathExists, UnknownPath
from objstore.files.pattern import compile_pattern
from objstore.files.workspace import Workspace
from objstore.objects.kinds import Oid

PATHS = st.lists(st.sampled_from(["a", "b", "a.b"]), min_size=1, max_size=3).map("/".join)
BYTES = st.binary(max_size=3)


@pytest.fixture
def files() -> Iterator[Workspace]:
    with objstore.open("memory:") as store:
        yield store.files.open("ws", create=True)


def content(files: Workspace) -> dict[str, bytes]:
    return {info.path: files.read(info.path) for info in files}


class Model:
    """What a workspace should do, on a dict."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def under(self, path: str) -> list[str]:
        return [key for key in self.files if key == path or key.startswith(f"{path}/")]

    def write(self, path: str, data: bytes) -> None:
        self._room(path, self.files)
        self.files[path] = data

    def _room(self, path: str, files: dict[str, bytes]) -> None:
        names = path.split("/")
        if any("/".join(names[:count]) in files for count in range(1, len(names))):
            raise InvalidPath(path, "a file above")
        if any(key.startswith(f"{path}/") for key in files):
            raise InvalidPath(path, "a folder")

    def transfer(self, source: str, target: str, keep: bool, overwrite: bool) -> None:
        if target.startswith(f"{source}/"):
            raise InvalidPath(target, "into itself")
        moved = {key: self.files[key] for key in self.under(source)}
        if not moved:
            raise UnknownPath(source)
        if source == target:
            return
        left = {key: data for key, data in self.files.items() if keep or key not in moved}
        there = [key for key in left if key == target or key.startswith(f"{target}/")]
        if there and not overwrite:
            raise PathExists(target)
        for key in there:
            del left[key]
        for key in moved:
            self._room(target + key[len(source) :], left)
        left.update({target + key[len(source) :]: data for key, data in moved.items()})
        self.files = left


class Moves(RuleBasedStateMachine):
    """A workspace beside its model; each step alone or several in one commit."""

    @initialize()
    def begin(self) -> None:
        self.store = objstore.open("memory:")
        self.ours = self.store.files.open("ws", create=True)
        self.model = Model()

    def both(self, ours: object, model: object) -> None:
        results: list[type[Exception] | None] = []
        for call in (ours, model):
            try:
                call()  # type: ignore[operator]
            except ObjstoreError as error:
                results.append(type(error))
            else:
                results.append(None)
        assert results[0] == results[1]

    @rule(path=PATHS, data=BYTES)
    def write(self, path: str, data: bytes) -> None:
        self.both(lambda: self.ours.write(path, data), lambda: self.model.write(path, data))

    @rule(path=PATHS, data=BYTES)
    def append(self, path: str, data: bytes) -> None:
        old = self.model.files.get(path, b"")
        self.both(lambda: self.ours.append(path, data), lambda: self.model.write(path, old + data))

    @rule(source=PATHS, to=PATHS, keep=st.booleans(), overwrite=st.booleans())
    def transfer(self, source: str, to: str, keep: bool, overwrite: bool) -> None:
        call = self.ours.copy if keep else self.ours.move
        self.both(
            lambda: call(source, to, overwrite=overwrite),
            lambda: self.model.transfer(source, to, keep, overwrite),
        )

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        doomed = self.model.under(path)
        if doomed:
            self.ours.delete(path, recursive=True)
            for key in doomed:
                del self.model.files[key]
        else:
            with pytest.raises(UnknownPath):
                self.ours.delete(path, recursive=True)

    @rule(steps=st.lists(st.tuples(PATHS, PATHS, st.booleans()), max_size=4))
    def many_in_one_commit(self, steps: list[tuple[str, str, bool]]) -> None:
        trial = Model()
        trial.files = dict(self.model.files)

        def model() -> None:
            for source, target, keep in steps:
                trial.transfer(source, target, keep, overwrite=True)

        def ours() -> None:
            with self.ours.commit() as draft:
                for source, target, keep in steps:
                    (draft.copy if keep else draft.move)(source, target, overwrite=True)

        before = content(self.ours)
        try:
            model()
        except ObjstoreError:
            # Room is made when all steps are done, so a draft may pass what step by step would not.
            try:
                ours()
            except ObjstoreError:
                assert content(self.ours) == before
            self.model.files = content(self.ours)
        else:
            ours()
            self.model.files = trial.files

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "ours"):
            return
        assert content(self.ours) == self.model.files

    @invariant()
    def lists_level_by_level(self) -> None:
        if not hasattr(self, "ours"):
            return
        files = self.model.files
        for folder in [
            "",
            *{"/".join(key.split("/")[:count]) for key in files for count in range(1, key.count("/") + 1)},
        ]:
            prefix = f"{folder}/" if folder else ""
            expected = {key[len(prefix) :].split("/")[0] for key in files if key.startswith(prefix)}
            listed = list(self.ours.list(folder))
            assert [entry.name for entry in listed] == sorted(
                expected, key=lambda name: name if prefix + name in files else f"{name}/"
            )
            assert {entry.name for entry in listed if entry.is_folder} == {
                name for name in expected if prefix + name not in files
            }
            for at in range(len(listed)):
                assert list(self.ours.list(folder, after=listed[at].name, limit=1)) == listed[at + 1 : at + 2]

    @invariant()
    def globs(self) -> None:
        if not hasattr(self, "ours"):
            return
        for pattern in ("*", "**/b", "a/**", "*/*", "{a,b}*/**/a*"):
            matches = compile_pattern(pattern).regex.fullmatch
            expected = sorted(key for key in self.model.files if matches(key))
            assert [info.path for info in self.ours.glob(pattern)] == expected


Moves.TestCase.settings = settings(deadline=None, max_examples=40, stateful_step_count=12)
TestMoves = Moves.TestCase


def test_moving_a_folder_costs_what_is_in_it(files: Workspace) -> None:
    rng = random.Random(1)
    with files.commit() as draft:
        for number in range(3000):
            draft.write(f"{rng.choice('abcdef')}/{number}", b"")
        for number in range(3):
            draft.write(f"small/{number}", b"")
    read: set[Oid] = set()
    repo = files._repo
    repo.nodes._young.clear()
    repo.nodes._old.clear()
    before = repo.nodes._read

    def counted(oid: Oid) -> bytes:
        read.add(oid)
        return before(oid)

    repo.nodes._read = counted
    files.move("small", "other")
    assert sorted(info.path for info in files.find("other/")) == ["other/0", "other/1", "other/2"]
    assert not files.exists("small")
    assert len(read) < 25


def test_what_cannot_be_moved_is_refused_and_nothing_is_changed(files: Workspace) -> None:
    files.write("a/x", b"1")
    files.write("b", b"2")
    head = files.root
    with pytest.raises(PathExists) as caught:
        files.move("a", "b")
    assert caught.value.path == "b"
    for call in (
        lambda: files.move("a", "a/b"),
        lambda: files.copy("a", "b/c"),
        lambda: files.move("nothing", "c"),
        lambda: files.move("a", "../c"),
        lambda: files.append("a", b"x"),
        lambda: files.delete("a"),
    ):
        with pytest.raises((InvalidPath, UnknownPath)):
            call()
    assert files.root == head


def test_a_copy_shares_its_content_and_a_move_keeps_mode(files: Workspace) -> None:
    files.write("run", b"#!/bin/sh\n", mode=0o755)
    files.copy("run", "deep/er/run")
    files.move("run", "go")
    assert files.info("go")._replace(path="deep/er/run") == files.info("deep/er/run")
    assert files.info("go").mode == 0o100755


def test_appends_of_many_threads_all_land(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        store.files.open("ws", create=True)

        def work(number: int) -> None:
            mine = store.files.open("ws")
            for turn in range(5):
                mine.append("log", f"{number}.{turn}\n".encode())

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = store.files.open("ws").read("log").decode().split()
    assert sorted(lines) == sorted(f"{number}.{turn}" for number in range(8) for turn in range(5))
    for number in range(8):
        assert [line for line in lines if line[0] == str(number)] == [f"{number}.{turn}" for turn in range(5)]


def test_exists_knows_files_and_folders(files: Workspace) -> None:
    files.write("a/b", b"")
    assert [files.exists(path) for path in ("a", "a/b", "b", "a/bc")] == [True, True, False, False]
    assert "a" not in files
    with pytest.raises(InvalidPath):
        files.exists("../a")
    with pytest.raises(UnknownPath):
        list(files.list("nothing"))
    assert [entry.path for entry in files.list("a/")] == ["a/b"]
