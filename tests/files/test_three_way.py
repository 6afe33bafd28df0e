"""Merging lines: clean where changes do not touch, a clash where they do, and nothing of either side lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.files.text import text_lines
from objstore.files.three_way import Clash, joined, marked, merge_lines

BASE = [f"line {number}\n" for number in range(12)]
LINES = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(lambda found: [f"{line}\n" for line in found])


def replaced(place: int, *lines: str) -> list[str]:
    return [*BASE[:place], *lines, *BASE[place + 1 :]]


def test_changes_that_do_not_touch_are_both_there() -> None:
    merged = joined(merge_lines(BASE, replaced(2, "ours\n"), replaced(9, "theirs\n", "more\n")))
    assert merged == "".join([*BASE[:2], "ours\n", *BASE[3:9], "theirs\n", "more\n", *BASE[10:]])


def test_the_same_change_on_both_sides_is_made_once() -> None:
    ours = replaced(4, "new\n")
    assert joined(merge_lines(BASE, ours, ours)) == "".join(ours)


def test_a_line_that_both_changed_is_a_clash_of_that_line_alone() -> None:
    parts = merge_lines(BASE, replaced(4, "ours\n", "same\n"), replaced(4, "theirs\n", "same\n"))
    clashes = [part for part in parts if isinstance(part, Clash)]
    assert clashes == [Clash([BASE[4]], ["ours\n"], ["theirs\n"])]
    assert joined(parts) is None
    assert joined(parts, "theirs") == "".join(replaced(4, "theirs\n", "same\n"))


def test_a_clash_is_shown_between_markers_with_what_was_there_before_both() -> None:
    text = marked(merge_lines(["a\n", "b\n"], ["a\n", "ours"], ["a\n", "theirs\n"]), ("c1", "c2"))
    assert text == "a\n<<<<<<< c1\nours\n||||||| before both\nb\n=======\ntheirs\n>>>>>>> c2\n"


def test_markers_are_longer_than_what_the_text_has_of_its_own() -> None:
    text = marked(merge_lines(["======= 1\n"], ["<<<<<<<< 2\n"], ["3\n"]), ("c1", "c2"))
    assert text.startswith("<<<<<<<<< c1\n<<<<<<<< 2\n||||||||| ")


def test_an_end_without_a_newline_gets_one_where_it_comes_into_the_middle() -> None:
    merged = joined(merge_lines(["a\n", "b"], ["start\n", "a\n", "b"], ["a\n", "b\n", "c"]))
    assert merged == "start\na\nb\nc"


@given(LINES, LINES, LINES)
def test_a_merge_is_the_same_from_either_side_and_keeps_what_one_side_alone_changed(
    base: list[str], ours: list[str], theirs: list[str]
) -> None:
    parts = merge_lines(base, ours, theirs)
    mirrored = [
        Clash(part.base, part.theirs, part.ours) if isinstance(part, Clash) else part
        for part in merge_lines(base, theirs, ours)
    ]
    assert list(map(list, parts)) == list(map(list, mirrored))
    assert joined(merge_lines(base, base, theirs)) == "".join(theirs)
    assert joined(merge_lines(base, ours, base)) == "".join(ours)
    assert joined(merge_lines(base, ours, ours)) == "".join(ours)
    if joined(parts) is None:
        assert {*ours, *theirs} >= {*(joined(parts, "ours") or "").splitlines(keepends=True)}


@given(LINES, st.integers(0, 13), st.integers(0, 13))
def test_one_change_on_each_side_of_a_line_that_stands_merges_to_both(base: list[str], one: int, other: int) -> None:
    if abs(one - other) < 2 or max(one, other) >= len(base):
        return
    unique = [f"{number} {line}" for number, line in enumerate(base)]  # else there is more than one way to see it
    ours, theirs, both = list(unique), list(unique), list(unique)
    ours[one] = both[one] = "ours\n"
    theirs[other] = both[other] = "theirs\n"
    assert joined(merge_lines(unique, ours, theirs)) == "".join(both)


@pytest.mark.parametrize("seed", range(12))
def test_what_git_merges_cleanly_without_repeated_lines_is_merged_to_the_same(seed: int, tmp_path: Path) -> None:
    import random

    draw = random.Random(seed)
    base = [f"{number}\n" for number in range(40)]
    sides = []
    for side in ("ours", "theirs"):
        lines = list(base)
        for _ in range(2):
            at = draw.randrange(len(lines))
            lines[at : at + draw.randrange(3)] = [f"{side} {draw.random()}\n" for _ in range(draw.randrange(3))]
        sides.append(lines)
    for name, lines in zip(("base", "ours", "theirs"), (base, *sides), strict=True):
        (tmp_path / name).write_text("".join(lines))
    words = ["git", "merge-file", "-p", "ours", "base", "theirs"]
    found = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    merged = joined(merge_lines(base, sides[0], sides[1]))
    if found.returncode == 0:
        assert merged == found.stdout, f"seed {seed}"
    else:
        assert merged is None, f"seed {seed}"


def test_a_text_with_a_carriage_return_keeps_it() -> None:
    texts = [
        text_lines(data) or [] for data in (b"a\r\nb\r\nc\r\nd\r\n", b"A\r\nb\r\nc\r\nd\r\n", b"a\r\nb\r\nc\r\nD\r\n")
    ]
    assert joined(merge_lines(*texts)) == "A\r\nb\r\nc\r\nD\r\n"
