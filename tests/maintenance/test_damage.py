"""One byte of a store is another: it is found and named, what is not touched reads as before, and no wrong data comes."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import ObjstoreError
from objstore.maintenance.finding import Fault
from tests.maintenance import stores

SEED = 20
WHOLE = {Fault.JOURNAL, Fault.STORE, Fault.PACK, Fault.INDEX, Fault.REF}
DERIVED = {"lock"}  # Its bytes are checked at opening and made anew.


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stores.make_small(tmp_path_factory.mktemp("sound") / "store")


@pytest.fixture(scope="module")
def before(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> stores.Content:
    copy = tmp_path_factory.mktemp("copy") / "store"
    shutil.copytree(sound, copy)
    with objstore.open(copy) as store:
        assert store.fsck().findings == ()
        return stores.content(store)


def files_of(place: Path) -> list[Path]:
    """The files of a store that hold something, without what is derived."""
    found = [path for path in sorted(place.rglob("*")) if path.is_file() and "cache" not in path.parts]
    return [path for path in found if path.name not in DERIVED and path.stat().st_size]


def spots(data: bytes) -> Iterator[slice]:
    """Every byte that is not zero, and runs of up to 64 zeros as one: unused room, mostly."""
    at = 0
    while at < len(data):
        stop = at + 1
        while data[at] == 0 and stop < len(data) and data[stop] == 0 and stop - at < 64:
            stop += 1
        yield slice(at, stop)
        at = stop


def damage(data: bytes, spot: slice, chance: random.Random) -> bytes:
    """The data with one bit of every byte in the spot flipped."""
    flipped = bytes(byte ^ 1 << chance.randrange(8) for byte in data[spot])
    return data[: spot.start] + flipped + data[spot.stop :]


def judge(place: Path, before: stores.Content) -> bool:
    """Open and check a damaged store; whether damage was found. AssertionError: it was wrong or silent."""
    try:
        opened = objstore.open(place)
    except ObjstoreError:
        return True
    with opened as store:
        findings = store.fsck().findings
        try:
            after = stores.content(store)
        except ObjstoreError:  # The refs cannot even be listed.
            assert findings
            return True
        touched = " ".join(" ".join(finding.where) for finding in findings)
        whole = bool({finding.fault for finding in findings} & WHOLE)
        for name, value in before.items():
            found = after.get(name, "lost")
            if found != value:
                short = name.removeprefix("log of ").removeprefix("conversations/")
                # Entries of a log are read as they are; it is the check of its chain that finds damage in them. So it is
                # where a ref leads to an older entry of its own log: it shows what it was then.
                broken = any(finding.fault is Fault.REF and short in finding.where for finding in findings)
                read = isinstance(found, str) or name.startswith("log of ")
                assert read or broken, f"{name} reads as something else, and no finding says that its log is damaged"
                assert whole or short in touched, f"{name} is {found}, and no finding names it: {findings}"
        return bool(findings)


def run(
    sound: Path, before: stores.Content, place: Path, wanted: Callable[[Path, int], bool], seed: int = SEED
) -> dict[str, int]:
    """Damage the wanted spots, given by file and first byte, one after the other; how often it was found, by suffix."""
    chance = random.Random(seed)
    found: dict[str, int] = {}
    for file in files_of(sound):
        data = file.read_bytes()
        for spot in spots(data):
            if not wanted(file, spot.start):
                continue
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(sound, place)
            (place / file.relative_to(sound)).write_bytes(damage(data, spot, chance))
            try:
                found[file.suffix] = found.get(file.suffix, 0) + judge(place, before)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {file.name}, bytes {spot}: {error!r}") from error
    return found


def is_end(file: Path, at: int) -> bool:
    """Whether a byte belongs to the header or trailer of a file, or to the header of a page of the journal."""
    size = file.stat().st_size
    return at < 112 or at >= size - 64 or (file.suffix == ".sqlite" and at % 4096 < 12)


def test_damage_at_some_bytes_is_found_and_nothing_else_is_lost(
    sound: Path, before: stores.Content, tmp_path: Path
) -> None:
    draw = random.Random(SEED)
    found = run(sound, before, tmp_path / "s", lambda _file, _at: draw.random() < 0.012)
    assert found[".sqlite"] > 10


@pytest.mark.slow
def test_damage_at_headers_trailers_and_many_bytes_is_found_and_nothing_else_is_lost(
    sound: Path, before: stores.Content, tmp_path: Path
) -> None:
    draw = random.Random(SEED + 1)
    found = run(sound, before, tmp_path / "s", lambda file, at: is_end(file, at) or draw.random() < 0.06, SEED + 1)
    assert found[".sqlite"] > 100


@pytest.mark.slow
@pytest.mark.skipif("OBJSTORE_EXHAUSTIVE" not in os.environ, reason="takes minutes: set OBJSTORE_EXHAUSTIVE to a seed")
@pytest.mark.parametrize("name", [".sqlite", ".pack", ".index", "format"])
def test_damage_at_every_byte_is_found_and_nothing_else_is_lost(
    sound: Path, before: stores.Content, tmp_path: Path, name: str
) -> None:
    seed = int(os.environ["OBJSTORE_EXHAUSTIVE"])
    found = run(sound, before, tmp_path / "s", lambda file, _at: name in file.name, seed)
    assert sum(found.values()) > 20


def test_every_byte_of_a_pack_is_noticed(sound: Path, before: stores.Content, tmp_path: Path) -> None:
    pack = next(sound.glob("packs/*.pack"))
    count = sum(1 for spot in spots(pack.read_bytes()))
    assert count > 400
    chance = random.Random(SEED)
    for spot in chance.sample(list(spots(pack.read_bytes())), 40):
        shutil.rmtree(tmp_path / "s", ignore_errors=True)
        shutil.copytree(sound, tmp_path / "s")
        (tmp_path / "s" / "packs" / pack.name).write_bytes(damage(pack.read_bytes(), spot, chance))
        assert judge(tmp_path / "s", before), f"seed {SEED}, {spot}"
