"""Frames checked by other processes: the same reports, and none is missed when a process dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.maintenance.fsck import workers as module
from objstore.maintenance.fsck.frames import check_frame
from objstore.maintenance.fsck.workers import Workers
from objstore.packs.compression import Compression
from objstore.storage.local.frames import FrameCodec
from objstore.storage.local.soundness import PackReader
from tests.maintenance import stores


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stores.make(tmp_path_factory.mktemp("workers") / "s", 100)


@pytest.fixture
def reader(store: Path) -> Iterator[PackReader]:
    with objstore.open(store) as opened:
        name = next((store / "packs").glob("*.pack")).stem
        yield PackReader(store / "packs", name, FrameCodec(opened.storage.hasher, Compression()), frozenset())


@pytest.fixture
def workers(store: Path) -> Iterator[Workers]:
    with objstore.open(store) as opened, Workers(store / "packs", opened.storage.hasher, [], frozenset()) as made:
        if made.count == 1:
            pytest.skip("on one processor there are no workers")
        yield made


def here(reader: PackReader) -> list[object]:
    return [check_frame(reader, number, frozenset()) for number in range(reader.pack.frames)]


def test_a_worker_reports_what_is_found_here(reader: PackReader, workers: Workers) -> None:
    assert workers.check(reader, range(reader.pack.frames)) == here(reader)
    assert len(workers._alive) == 1  # pyright: ignore[reportPrivateUsage]
    workers.dismiss()
    assert workers.check(reader, range(reader.pack.frames)) == here(reader)


def test_what_a_dead_worker_leaves_is_checked_here(reader: PackReader, workers: Workers) -> None:
    workers.check(reader, range(1))
    process = workers._alive[0]._process  # pyright: ignore[reportPrivateUsage]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(workers.count):  # Whoever is next may be another one.
        assert workers.check(reader, range(reader.pack.frames)) == here(reader)


def test_where_no_worker_can_be_started_all_is_checked_here(
    reader: PackReader, workers: Workers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module.sys, "executable", str(tmp_path / "nothing"))
    assert workers.check(reader, range(reader.pack.frames)) == here(reader)


def test_a_whole_check_by_workers_finds_what_one_without_finds(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with objstore.open(store) as opened:
        alone = opened.fsck()
        monkeypatch.setattr(module, "_WORTH", 1)
        together = opened.fsck()
    assert alone.sound
    assert together._replace(seconds=0) == alone._replace(seconds=0)
