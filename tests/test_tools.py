"""The tools of the house: the one door (`tools/dev.py`), the pins, CI's script, and what benchmarks are made of."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.bench import corpus, harness, peers, texts

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`tools/dev.py` as a module, its folder and the files that it reads put elsewhere."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "tools" / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("REQUIREMENTS", "PROJECT"):
        original: Path = getattr(module, name)
        (tmp_path / original.name).write_bytes(original.read_bytes())
        monkeypatch.setattr(module, name, tmp_path / original.name)
    monkeypatch.setattr(module, "DEV", tmp_path / ".dev")
    monkeypatch.setattr(module, "VENV", tmp_path / ".dev" / "venv")
    return module


PINS = ("requirements-dev.txt", "requirements-suites.txt")


def locked(file: str) -> dict[str, Version]:
    """The pins by name."""
    text = (ROOT / file).read_text(encoding="utf-8")
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE)
    return {name.lower(): Version(version) for name, version in pins}


@pytest.mark.parametrize("file", PINS)
def test_every_dependency_is_pinned_in_a_version_that_fits(file: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    always = project["project"]["dependencies"]
    suites = groups.pop("suites")
    asked = [*always, *project["build-system"]["requires"], *(r for g in groups.values() for r in g)]
    pins = locked(file)
    for requirement in map(Requirement, asked if file == "requirements-dev.txt" else [*always, *suites]):
        assert requirement.name in pins, f"{requirement}: run python3 tools/dev.py lock"
        assert requirement.specifier.contains(pins[requirement.name]), f"{requirement}: run python3 tools/dev.py lock"


@pytest.mark.parametrize("file", PINS)
def test_every_pin_has_hashes_and_names_no_place(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    # A name may have a pin for each version of Python.
    assert {block.partition("==")[0].lower() for block in blocks} == set(locked(file))
    assert len(blocks) > 20
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links", text)


def test_an_environment_is_current_until_a_pin_or_the_project_changes(dev: ModuleType) -> None:
    first = dev.stamps()
    dev.VENV.mkdir(parents=True)
    for name, stamp in first.items():
        (dev.VENV / f".{name}").write_text(stamp)
    assert dev.stamps() == first
    assert dev.prepare() is None  # Nothing to do: there is not even an interpreter in this environment.
    dev.PROJECT.write_bytes(dev.PROJECT.read_bytes() + b"\n")
    changed = dev.stamps()
    assert changed["packages"] == first["packages"]
    assert changed["project"] != first["project"]
    dev.REQUIREMENTS.write_bytes(dev.REQUIREMENTS.read_bytes() + b"\n")
    assert dev.stamps()["packages"] != first["packages"]


def test_two_calls_never_change_the_environment_at_once(dev: ModuleType) -> None:
    probe = (
        f"import fcntl; f = open({str(dev.DEV / 'lock')!r}, 'w')\n"
        "try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB); print('free')\n"
        "except BlockingIOError: print('held')\n"
    )
    with dev.exclusive():
        held = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    free = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert (held.strip(), free.strip()) == ("held", "free")


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["bench", "nonsense"], ["fuzz", "nonsense"], ["lint", "x"]])
def test_what_there_is_not_is_refused_before_anything_is_made(
    dev: ModuleType, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main(arguments) == 2
    assert not dev.VENV.exists()
    assert capsys.readouterr().err


def test_the_list_of_benchmarks_holds_benchmarks_only(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["bench"]) == 0
    assert {"append", "read", "size", "version"} <= set(capsys.readouterr().out.split()[1:])
    assert not dev.is_bench(ROOT / "tools" / "bench" / "peers.py")
    assert not dev.is_bench(ROOT / "tools" / "bench" / "harness.py")


def test_the_script_of_ci_is_sound_bash() -> None:
    script = ROOT / ".ci" / "run"
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    subprocess.run(["bash", "-n", str(script)], check=True)


# What benchmarks are made of


def test_the_corpus_is_the_same_every_time_and_no_conversation_is_another() -> None:
    first, again = list(corpus.conversations(0.05)), list(corpus.conversations(0.05))
    assert first == again
    assert len(first) == 10
    assert len({name for name, _ in first}) == 10
    said = {json.dumps(event, sort_keys=True) for _, events in first for event in events}
    assert len(said) > 0.99 * sum(len(events) for _, events in first)
    assert {name.split("-")[0] for name, _ in first} == {
        "messages",
        "tool_calls",
        "swe_agent",
        "openhands",
        "claude_code",
    }


def test_a_conversation_does_not_depend_on_the_scale() -> None:
    assert next(iter(corpus.conversations(0.01))) == next(iter(corpus.conversations(1)))
    assert next(iter(corpus.conversations(0.01))) != next(iter(corpus.conversations(0.01, seed=2)))


def test_two_kilobyte_events_have_two_kilobytes() -> None:
    events = corpus.two_kilobytes(50)
    assert all(2000 <= len(json.dumps(event)) <= 2048 for event in events)
    assert len({event["content"] for event in events}) == 50


def test_the_samples_are_part_of_the_texts() -> None:
    assert texts.thoughts()
    assert texts.observations()


def test_interleaving_gives_every_side_its_calls_in_order() -> None:
    calls: list[tuple[str, int]] = []
    sides = {name: lambda n, name=name: calls.append((name, n)) for name in "abc"}
    times = harness.interleave(sides, rounds=4, block=3, settle=harness.nothing)
    assert {name: len(seen) for name, seen in times.items()} == {"a": 12, "b": 12, "c": 12}
    assert all([n for side, n in calls if side == name] == list(range(12)) for name in "abc")
    blocks = [calls[at][0] for at in range(0, 36, 3)]
    assert all(len({side for side, _ in calls[at : at + 3]}) == 1 for at in range(0, 36, 3))
    assert len({tuple(blocks[at : at + 3]) for at in range(0, 12, 3)}) > 1


def test_percentiles_are_values_that_were_seen() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert harness.median(values) == 3.0
    assert harness.percentile(values, 0.99) == 5.0
    assert harness.percentile(values, 0) == 1.0


def test_a_figure_says_whether_its_goal_was_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = harness.Report("b", tmp_path)
    report.figure("n", "p50", 10.0, "µs", peer="other", ratio=1.5, at_most=1.25)
    report.figure("n", "p99", 10.0, "µs", at_most=11)
    report.figure("n", "speed", 3.0, "/s", at_least=2)
    _, *lines = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert [line["met"] for line in lines] == [False, True, True]
    assert lines[0] == lines[0] | {"value": 10.0, "peer": "other", "ratio": 1.5, "goal": "<= 1.25"}
    assert report.missed == ["n, p50"]


def fifty_megabytes(size: int) -> int:
    """Takes memory and some time; runs in a child."""
    return len(bytearray(b"x" * size))


def test_a_child_reports_what_it_returned_and_took() -> None:
    small, large = (harness.in_child(fifty_megabytes, size=size) for size in (1000, 50_000_000))
    assert large.value == 50_000_000
    assert large.wall > 0
    assert large.peak - small.peak > 40_000_000


@pytest.mark.filterwarnings("ignore:builtin type .* has no __module__ attribute:DeprecationWarning")
@pytest.mark.parametrize("name", ["JsonLines", "SqliteRows", "FilePerEvent", "GitCommand", "Libgit2", "Dulwich"])
def test_a_peer_keeps_every_event(name: str, tmp_path: Path) -> None:
    module = {"Libgit2": "pygit2", "Dulwich": "dulwich"}.get(name)
    if module:
        pytest.importorskip(module)
    folder = tmp_path / "peer"
    side = getattr(peers, name)(folder)
    events = [{"n": number, "text": "é" * 100} for number in range(3)]
    for event in events:
        side.append(event)
    side.close()
    if name in {"GitCommand", "Libgit2", "Dulwich"}:
        kept = [json.loads(peers.git(folder, "show", f"main:{number:06}.json")) for number in range(3)]
        assert peers.git(folder, "rev-list", "--count", "main") == b"3\n"
    else:
        kept = read_back(name, folder)
    assert kept == events


def read_back(name: str, folder: Path) -> list[object]:
    """The events of a peer that is not git."""
    if name == "SqliteRows":
        import sqlite3

        connection = sqlite3.connect(folder / "events.sqlite")
        rows = connection.execute("SELECT body FROM events ORDER BY id").fetchall()
        connection.close()
        return [json.loads(body) for (body,) in rows]
    pieces = sorted(folder.iterdir())
    return [json.loads(line) for piece in pieces for line in piece.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["GitCatFile", "DulwichReader", "Libgit2Reader"])
def test_a_reader_of_a_git_pack_gives_back_what_it_was_filled_with(name: str, tmp_path: Path) -> None:
    module = {"Libgit2Reader": "pygit2", "DulwichReader": "dulwich"}.get(name)
    if module:
        pytest.importorskip(module)
    bodies = [b"%d\n" % number * number for number in range(1, 20)]
    ids = peers.pack_with_git(tmp_path / "repository", bodies)
    reader = getattr(peers, name)(tmp_path / "repository")
    assert [reader.read(oid) for oid in ids] == bodies
    reader.close()
