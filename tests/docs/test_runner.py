"""The runner of the documentation finds what is wrong: otherwise a page could say anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import blocks, calls
from tests.docs.compare import differs
from tests.docs.runner import Wrong, fill_in, run_page


def write(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


def fence(language: str, *lines: str) -> str:
    return "\n".join((f"```{language}", *lines, "```", ""))


@pytest.mark.parametrize(
    "text",
    [
        fence("console", "$ echo one", "two"),
        fence("console", "$ false"),
        fence("console", "$ echo 'objstore: refused'", "objstore: refused"),
        fence("console", "$ objstore log c", "objstore: something else"),
        fence("console", "$ echo one", "one", "two"),
        fence("python", "raise ValueError"),
        fence("python", "print(1)") + "\n" + fence("text", "2"),
        fence("pycon", ">>> 1 + 1", "3"),
        "<!-- first: false -->\n" + fence("console", "$ true"),
    ],
)
def test_what_is_not_so_is_found(text: str, tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="line"):
        run_page(write(tmp_path, text), tmp_path)


def test_commands_python_and_state_go_through_a_page(tmp_path: Path) -> None:
    text = "\n".join(
        (
            "<!-- first: echo prepared >file -->",
            fence(
                "console",
                "$ cat file",
                "prepared",
                "$ mkdir sub && cd sub && export WHO=ada",
                "$ cat <<END",
                "> $WHO",
                "> END",
                "ada",
            ),
            fence("console", "$ basename $PWD", "sub", "$ objstore log c", "objstore: no store …"),
            fence("python", "from pathlib import Path", "n = 3", "print(Path('file').read_text())"),
            fence("text", "prepared"),
            fence("pycon", ">>> n", "3"),
            "<!-- not run: it would fail -->",
            fence("console", "$ false"),
            fence("text", "not output: there is prose or another block before it"),
        )
    )
    assert run_page(write(tmp_path, text), tmp_path) == 4


def test_output_is_filled_in_where_it_is_asked_for(tmp_path: Path) -> None:
    text = fence("console", "$ echo one", "?", "$ printf 'a\\nb\\n'", "?", "$ echo kept", "kept")
    page = write(tmp_path, text)
    with pytest.raises(Wrong, match="filled in"):
        run_page(page, _folder(tmp_path, "a"))
    fill_in(page, _folder(tmp_path, "b"))
    filled = fence("console", "$ echo one", "one", "$ printf 'a\\nb\\n'", "a", "b", "$ echo kept", "kept")
    assert page.read_text() == filled
    run_page(page, _folder(tmp_path, "c"))


def _folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_a_text_block_behind_prose_is_no_output(tmp_path: Path) -> None:
    page = write(tmp_path, fence("python", "print(1)") + "\nprose\n\n" + fence("text", "2"))
    assert [block.prints for block in blocks(page)] == [None, None]
    assert run_page(page, tmp_path) == 1


def test_a_block_in_a_list_is_read_without_its_indentation(tmp_path: Path) -> None:
    page = write(tmp_path, "1. one\n\n   ```console\n   $ echo a\n   a\n   ```\n")
    (block,) = blocks(page)
    assert [(call.command, call.shown) for call in calls(block)] == [("echo a", ["a"])]


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ("a…c", "abc", True),
        ("a…c", "abd", False),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a\n…\nd", "a\nd", True),
        ("a\n…", "b", False),
        ("3f2a9c41d0ee  x", "0011aabbccdd  x", True),
        ("3f2a9c41d0ee  x", "0011aabbccdd  y", False),
        ("2026-11-24 15:00:00", "1999-01-01 00:00:00", True),
        ("12", "13", False),
        ("a\n\n", "a", True),
        ("a\n\nb", "a\nb", False),
    ],
)
def test_output_is_compared_exactly_but_for_ids_dates_and_dots(shown: str, got: str, same: bool) -> None:
    assert (not differs(shown.split("\n"), got.split("\n"))) is same
