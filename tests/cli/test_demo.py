"""`objstore demo` does what it says and leaves nothing behind; a promise that is not kept ends it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from objstore.cli import demo_stage
from objstore.cli.demo_failed import DemoFailed
from objstore.cli.demo_stage import Stage
from tests.cli.programs import call


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that a demo kept, and what it told."""
    folder = tmp_path_factory.mktemp("demo")
    return folder / "kept", call(folder, "demo", "--keep", "kept").out


def test_it_tells_the_whole_story(told: tuple[Path, str]) -> None:
    _, text = told
    for part in (
        "9 conversations, 110 events added",
        "9 conversations, 0 events added",
        "$ objstore log ",
        "$ objstore fork ",
        "$ objstore settings set ",
        "--snapshot work",
        "+    return abs(a - b)",
        "$ objstore rewind second-try '#5' --checkout work",
        "$ objstore undo ",
        "Everything is sound: ",
        "   second-try#7: ",
        "objects packed",
        "100 forks of humanevalfix-python-0 wrote 0 new objects",
        "All of it was checked.",
    ):
        assert part in text
    kept = re.search(r"killed after (\d+) appends had returned: (\d+) events are there", text)
    assert kept is not None
    assert int(kept[2]) >= int(kept[1]) > 200


def test_what_it_keeps_can_be_looked_at(told: tuple[Path, str]) -> None:
    folder, text = told
    assert f"cd {folder}" in text or "cd kept" in text
    assert "second-try" in call(folder, "conversations").out
    assert "sound" in call(folder, "doctor").out
    assert call(folder.parent, "demo", "--keep", "kept", code=4).err.startswith("objstore: kept is there already")


def test_it_needs_no_store_and_leaves_nothing(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary), "OBJSTORE": "/nowhere"}
    assert "Your turn: objstore init" in call(tmp_path, "demo", env=env).out
    assert list(temporary.iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tmp"]


def test_a_promise_that_is_not_kept_fails(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage, pytest.raises(DemoFailed, match="exit code 0"):
        stage.quietly("log nothing")
    with pytest.raises(DemoFailed, match="it holds"):
        demo_stage.check(1 + 1 == 3, "it holds")
