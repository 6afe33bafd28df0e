"""`objstore bisect` runs a real command on the files of moments."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calls import Calls

PROBE = "import pathlib, sys; sys.exit({'ok': 0, 'broken': 3, 'odd': 125, 'crash': 200}[pathlib.Path('f').read_text()])"


def fill(call: Calls, texts: list[str]) -> None:
    work = Path("work")
    work.mkdir()
    for number, text in enumerate(texts):
        (work / "f").write_text(text)
        call("conversations", "append", "c", f'"event {number}"', "--create", "--snapshot", "work")


def search(call: Calls, *words: str) -> list[dict[str, Any]]:
    output = call("--json", "bisect", "c", *words, "--", sys.executable, "-c", PROBE)
    return [json.loads(line) for line in output.splitlines()]


def test_the_event_that_broke_the_command_is_named(call: Calls) -> None:
    fill(call, ["ok"] * 5 + ["broken"] * 4)
    lines = search(call, "--good", "#1")
    assert lines[-1]["event"] == 5
    assert [line["verdict"] for line in lines[:2]] == ["good", "bad"]
    assert search(call)[-1]["event"] == 5
    text = call("bisect", "c", "--", sys.executable, "-c", PROBE)
    assert "event 5" in text
    assert "It broke with" in text


def test_moments_that_cannot_be_judged_leave_a_range(call: Calls) -> None:
    fill(call, ["ok", "ok", "odd", "odd", "broken"])
    found = search(call)[-1]
    assert (found["event"], len(found["candidates"])) == (4, 3)
    assert "2 before it" in call("bisect", "c", "--good", "#1", "--", sys.executable, "-c", PROBE)


@pytest.mark.parametrize(
    ("texts", "command", "why"),
    [
        (["ok", "crash", "broken"], [sys.executable, "-c", PROBE], "neither good nor bad"),
        (["ok", "ok"], [sys.executable, "-c", PROBE], "should be bad is not"),
        (["ok", "broken"], ["no-such-command-here"], "cannot be run"),
    ],
)
def test_a_search_that_leads_nowhere_says_why(call: Calls, texts: list[str], command: list[str], why: str) -> None:
    fill(call, texts)
    assert why in call("bisect", "c", "--good", "#1", "--", *command, code=1)
