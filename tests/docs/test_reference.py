"""Reference pages say what the code says."""

from __future__ import annotations

from objstore.cli.exit_codes import MEANINGS
from tests.docs.errors_page import HEADING, PAGE, table
from tests.docs.runner import ROOT


def test_the_page_of_errors_lists_every_error_with_its_builtin_and_exit_code() -> None:
    written = PAGE.read_text(encoding="utf-8").partition(HEADING)[2]
    assert written == table(), "run: python -m tests.docs.errors_page"


def test_the_page_of_exit_codes_lists_every_code() -> None:
    text = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    assert all(f"\n| {code} | {meaning} | " in text for code, meaning in MEANINGS.items())


def test_the_first_page_leads_to_every_how_to_and_reference() -> None:
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for folder in ("how-to", "reference"):
        for page in (ROOT / "docs" / folder).glob("*.md"):
            assert f"({folder}/{page.name})" in text, f"docs/index.md does not lead to {folder}/{page.name}"


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    text = (folder / "index.md").read_text(encoding="utf-8")
    for page in folder.glob("[0-9]*.md"):
        assert f"({page.name})" in text, f"docs/decisions/index.md does not list {page.name}"
