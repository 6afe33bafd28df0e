"""Every command and every line of Python in the documentation does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import RUNNABLE, blocks
from tests.docs.runner import ROOT, run_page

GENERATED = ROOT / "docs" / "reference" / "cli.md"  # tests/cli/test_reference.py compares it with the commands.
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")
_COMMAND = re.compile(r"^\s*\$? ?objstore( |$)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


RUN = [page for page in PAGES if any(block.runs for block in blocks(page))]


@pytest.mark.parametrize("page", RUN, ids=name)
def test_a_page_shows_what_really_happens(page: Path, tmp_path: Path) -> None:
    assert run_page(page, tmp_path) > 0


@pytest.mark.parametrize("page", [page for page in PAGES if page != GENERATED], ids=name)
def test_no_command_stands_in_a_block_that_is_not_executed(page: Path) -> None:
    for block in blocks(page):
        if block.language in RUNNABLE or block.skipped:
            continue
        bare = [line for line in block.lines if _COMMAND.match(line)]
        assert not bare, f"{name(page)}, line {block.line}: make it a console block, or say <!-- not run: why -->"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target, _ in _LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("https://", "http://", "mailto:")):
            assert (page.parent / target).exists(), f"{name(page)} links to {target}"
