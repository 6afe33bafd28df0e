"""The public checker of agent memories, `agent-memory-integrity`, against our conversations and against itself."""

from __future__ import annotations

import pytest
from agmi.attacks.guard import snapshot
from agmi.check import LABELS, main, run

from tests.signing.agmi import Conversations


def test_none_of_the_nine_edits_is_accepted() -> None:
    rows = run(Conversations())
    assert {row["edit"]: row["verdict"] for row in rows} == dict.fromkeys(LABELS.values(), "REPORTED"), rows
    assert len(rows) == 9


def test_the_checker_itself_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--adapter", "tests.signing.agmi:Conversations"]) == 0
    assert "ACCEPTED" not in capsys.readouterr().out


class Trusting(Conversations):
    """Who only reads, as other stores do: every hash is right, so nothing is noticed."""

    def verify(self) -> bool:
        return bool(snapshot(self, self.read_all_raw()))


def test_who_does_not_verify_accepts_all_of_them() -> None:
    assert {row["verdict"] for row in run(Trusting())} == {"ACCEPTED"}
