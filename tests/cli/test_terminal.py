"""On a terminal: colours, width, a pager. Elsewhere: none of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.programs import call, on_terminal

ESCAPE = "\x1b["


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store in which one conversation is."""
    made = tmp_path_factory.mktemp("terminal")
    call(made, "init")
    lines = "\n".join(json.dumps({"role": "user", "content": f"number {n} " + "long " * 30}) for n in range(3))
    call(made, "conversations", "append", "c", "--create", input=lines.encode())
    call(made, "conversations", "append", "c", json.dumps({"role": "tool", "content": "red \x1b[31malert\x07"}))
    return made


def test_a_terminal_gets_colours(folder: Path) -> None:
    assert ESCAPE in on_terminal(folder, "show", "c", env={"PAGER": "cat"}).out


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_whoever_wants_no_colours_gets_none(folder: Path, env: dict[str, str]) -> None:
    ended = on_terminal(folder, "show", "c", env={"PAGER": "cat", **env})
    assert ended.code == 0
    assert ESCAPE not in ended.out
    assert "#1 user" in ended.out


def test_a_pipe_gets_no_colours_and_whole_lines(folder: Path) -> None:
    assert ESCAPE not in call(folder, "show", "c").out
    assert "long long long long" in call(folder, "show", "c").out
    assert max(map(len, call(folder, "log", "c", env={"COLUMNS": "30"}).out.splitlines())) > 60


@pytest.mark.parametrize("columns", [20, 40])
def test_lists_fit_on_a_narrow_terminal(folder: Path, columns: int) -> None:
    for words in (["log", "c"], ["log", "--graph"], ["operations"], ["conversations"]):
        lines = on_terminal(folder, *words, columns=columns, env={"PAGER": "cat"}).out.splitlines()
        assert lines
        assert max(map(len, lines)) <= columns, words
        assert any(line.endswith("…") for line in lines)


def test_help_and_errors_work_on_a_terminal_of_any_width(folder: Path) -> None:
    assert "conversations" in on_terminal(folder, "--help", columns=10).out
    assert on_terminal(folder, "log", "nothing", columns=10).code == 3


def test_what_agents_wrote_cannot_steer_the_terminal(folder: Path) -> None:
    out = on_terminal(folder, "show", "c", "--last", "1", env={"PAGER": "cat", "NO_COLOR": "1"}).out
    assert "red \\x1b[31malert\\x07" in out


def test_long_output_goes_through_the_pager_that_is_asked_for(folder: Path) -> None:
    pager = {"PAGER": "sed s/^/paged:/"}
    for words in (["log", "c"], ["show", "c"], ["diff", "c#1", "c"], ["operations"]):
        ended = on_terminal(folder, *words, env=pager)
        assert ended.code == 0, ended
        assert all(line.startswith("paged:") for line in ended.out.splitlines()), ended
    assert "paged:" not in on_terminal(folder, "stats", env=pager).out
    assert "paged:" not in on_terminal(folder, "log", "c", "--json", env=pager).out
    assert "paged:" not in call(folder, "log", "c", env=pager).out


def test_our_own_pager_variable_wins_and_an_empty_one_means_none(folder: Path) -> None:
    assert "mine:" in on_terminal(folder, "log", "c", env={"PAGER": "false", "OBJSTORE_PAGER": "sed s/^/mine:/"}).out
    ended = on_terminal(folder, "log", "c", env={"PAGER": "sed s/^/x:/", "OBJSTORE_PAGER": ""})
    assert "x:" not in ended.out
    assert "number 2" in ended.out


def test_a_pager_that_ends_early_is_no_error(folder: Path) -> None:
    assert on_terminal(folder, "show", "c", env={"PAGER": "head -n 1"}).code == 0


def test_an_error_behind_a_pager_keeps_its_exit_code(folder: Path) -> None:
    ended = on_terminal(folder, "show", "c:nothing", env={"PAGER": "cat -v"})
    assert ended.code == 3
    assert "no file 'nothing'" in ended.out
