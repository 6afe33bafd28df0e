"""Bundles bring histories over whole: equal on the other side, verified, resumable, and never more than was named."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import (
    CorruptObject,
    HistoryDiverged,
    InvalidRefName,
    MissingHistory,
    ObjstoreError,
    UnknownRevision,
)
from tests.sync.worlds import fill, told


@pytest.fixture(params=["memory", "local"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[objstore.Store, objstore.Store]]:
    local = request.param == "local"
    with (
        objstore.open(tmp_path / "one" if local else "memory:", create=True) as one,
        objstore.open(tmp_path / "two" if local else "memory:", create=True) as two,
    ):
        yield one, two


@pytest.mark.parametrize("seed", range(3))
def test_what_is_bundled_is_the_same_on_the_other_side(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path, seed: int
) -> None:
    one, two = places
    draw = random.Random(seed)
    fill(one, "a", draw)
    one.conversations.open("a").fork("b", at=len(one.conversations.open("a")) // 2)
    fill(one, "b", draw)
    one.conversations.open("a").merge("b", prefer="theirs")
    fill(one, "other", draw)
    one.tags.create("v1", "b~3")
    one.tags.create("elsewhere", "other")
    one.settings.open("user", create=True).set("key", "never leaves unless named")
    done = one.export_bundle(tmp_path / "x.bundle", ["a", "b"])
    assert done.refs == ("conversations/a", "conversations/b", "tags/v1")
    assert done.size == (tmp_path / "x.bundle").stat().st_size
    assert b"never leaves" not in (tmp_path / "x.bundle").read_bytes()
    read = two.import_bundle(tmp_path / "x.bundle")
    assert [(ref.name, ref.outcome) for ref in read.refs] == [(name, "made") for name in done.refs]
    assert read.objects == read.added == done.objects
    assert [ref.name for ref in two.refs.find()] == [*done.refs]
    for name in ("a", "b"):
        assert told(two, name) == told(one, name), f"seed {seed}"
    assert [tag.target for tag in two.tags.find()] == [one.resolve("b~3").oid]
    assert list(two.check()) == []
    again = two.import_bundle(tmp_path / "x.bundle")
    assert ({ref.outcome for ref in again.refs}, again.added) == ({"same"}, 0)
    assert two.check_bundle(tmp_path / "x.bundle").objects == done.objects


def test_a_bundle_since_a_moment_continues_what_is_there(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    draw = random.Random(1)
    fill(one, "a", draw)
    one.export_bundle(tmp_path / "1", ["a"])
    before = one.conversations.open("a").head
    fill(one, "a", draw, 10)
    whole = one.export_bundle(tmp_path / "whole", ["a"])
    rest = one.export_bundle(tmp_path / "2", ["a"], since=[before.id])
    assert rest.objects < whole.objects // 2
    with pytest.raises(MissingHistory) as refused:
        two.import_bundle(tmp_path / "2")
    assert refused.value.oids == (before.id,)
    assert list(two.refs.find()) == []
    two.import_bundle(tmp_path / "1")
    two.conversations.open("a").fork("mine")
    assert [ref.outcome for ref in two.import_bundle(tmp_path / "2").refs] == ["moved"]
    assert told(two, "a") == told(one, "a")
    assert [ref.outcome for ref in two.import_bundle(tmp_path / "1").refs] == ["older"]
    assert told(two, "a") == told(one, "a")
    assert list(two.check()) == []
    assert one.export_bundle(tmp_path / "3", ["a"], since=["a"]).commits == 0
    assert [ref.outcome for ref in two.import_bundle(tmp_path / "3").refs] == ["same"]


def test_histories_that_diverged_are_refused_or_forked(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    for store in places:
        store.conversations.create("a").append(store.place)
    one.conversations.create("b").append("b")
    one.export_bundle(tmp_path / "x", ["a", "b"])
    with pytest.raises(HistoryDiverged) as refused:
        two.import_bundle(tmp_path / "x")
    assert refused.value.name == "a"
    assert "b" not in two.conversations
    outcomes = [ref.outcome for ref in two.import_bundle(tmp_path / "x", on_diverged="fork").refs]
    assert outcomes == ["forked", "made"]
    fork = f"a-{one.conversations.open('a').head.id[:8]}"
    assert list(two.conversations.open(fork)) == [one.place]
    assert [ref.outcome for ref in two.import_bundle(tmp_path / "x", on_diverged="fork").refs] == ["same", "same"]
    assert next(ref.name for ref in two.import_bundle(tmp_path / "x", prefix="their/").refs) == "conversations/their/a"
    with pytest.raises(InvalidRefName):
        two.import_bundle(tmp_path / "x", prefix="..//")


def test_settings_and_files_go_along_when_they_are_named(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path
) -> None:
    one, two = places
    one.settings.open("user", create=True).set("k", 1)
    one.files.open("ws", create=True).write("f", b"data")
    one.export_bundle(tmp_path / "x", ["settings/user", "files/ws"])
    two.import_bundle(tmp_path / "x")
    assert (two.settings.open("user").get("k"), two.files.open("ws").read("f")) == (1, b"data")
    for name in ("nothing", "files/nothing"):
        with pytest.raises(UnknownRevision):
            one.export_bundle(tmp_path / "y", [name])
    assert {path.name for path in tmp_path.iterdir()} <= {"x", "one", "two"}


def test_an_import_that_was_interrupted_goes_on(
    places: tuple[objstore.Store, objstore.Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = places
    monkeypatch.setattr("objstore.sync.bundle_import._BATCH_BYTES", 100_000)
    conv = one.conversations.create("a")
    for number in range(6):
        conv.files.write("f", random.Random(number).randbytes(200_000))
    done = one.export_bundle(tmp_path / "x", ["a"])
    data = (tmp_path / "x").read_bytes()
    (tmp_path / "half").write_bytes(data[: len(data) // 2])
    with pytest.raises(CorruptObject, match="cut short"):
        two.import_bundle(tmp_path / "half")
    assert list(two.refs.find()) == []
    read = two.import_bundle(tmp_path / "x")
    assert 0 < read.added < done.objects
    assert told(two, "a") == told(one, "a")
    assert list(two.check()) == []


@pytest.mark.parametrize("seed", range(3))
def test_damage_anywhere_is_found_and_no_ref_is_moved(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    with objstore.open("memory:") as one:
        fill(one, "a", draw, 8)
        one.export_bundle(tmp_path / "x", ["a"])
    data = (tmp_path / "x").read_bytes()
    places = [draw.randrange(len(data)) for _ in range(40)]
    damaged = [data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :] for at in places]
    damaged += [data[:at] for at in places] + [data + b"x", b"", b"not a bundle at all"]
    with objstore.open("memory:") as two:
        for number, bad in enumerate(damaged):
            (tmp_path / "bad").write_bytes(bad)
            with pytest.raises(ObjstoreError):
                two.import_bundle(tmp_path / "bad")
            assert list(two.refs.find()) == [], f"seed {seed}, damage {number}"
        two.import_bundle(tmp_path / "x")
        assert list(two.check()) == []


def test_an_event_index_and_files_of_thousands_come_over(tmp_path: Path) -> None:
    with objstore.open("memory:") as one, objstore.open(tmp_path / "two", create=True) as two:
        conv = one.conversations.create("a")
        conv.append_many({"n": number} for number in range(5000))
        with conv.files.commit() as draft:
            for number in range(3000):
                draft.write(f"d{number % 50}/{number}", b"%d" % number)
        one.export_bundle(tmp_path / "x", ["a"])
        two.import_bundle(tmp_path / "x")
        mine = two.conversations.open("a")
        assert (mine[1500], len(mine), mine.files.read("d7/2957")) == ({"n": 1500}, 5000, b"2957")
        assert list(two.check()) == []
