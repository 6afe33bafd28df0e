"""Common lines of two texts: always a right answer, a shortest one where it is easy, and fast on hostile ones."""

from __future__ import annotations

import random
import time

from hypothesis import given
from hypothesis import strategies as st

from objstore.files.lines import Run, _Comparison, _Span, common_runs

LINES = st.lists(st.sampled_from("abcd"), max_size=12)


def longest(old: list[str], new: list[str]) -> int:
    """The length of a longest common subsequence, by the textbook's table."""
    row = [0] * (len(new) + 1)
    for line in old:
        above = row[:]
        for at, other in enumerate(new):
            row[at + 1] = above[at] + 1 if line == other else max(above[at + 1], row[at])
    return row[-1]


def check(old: list[str], new: list[str], runs: list[Run]) -> None:
    x = y = 0
    for run in runs:
        assert run.length > 0
        assert run.old >= x
        assert run.new >= y
        assert old[run.old : run.old + run.length] == new[run.new : run.new + run.length]
        x, y = run.old + run.length, run.new + run.length
    assert x <= len(old)
    assert y <= len(new)


@given(LINES, LINES)
def test_runs_are_right_and_what_is_between_them_shares_nothing_at_its_ends(old: list[str], new: list[str]) -> None:
    runs = common_runs(old, new)
    check(old, new, runs)
    x = y = 0
    for run in [*runs, Run(len(old), len(new), 0)]:
        if x < run.old and y < run.new:
            assert old[x] != new[y] or (x, y) == (0, 0) == False
        x, y = run.old + run.length, run.new + run.length


@given(LINES, LINES)
def test_without_anchors_the_runs_are_as_long_as_can_be(old: list[str], new: list[str]) -> None:
    span = _Span(0, len(old), 0, len(new))
    runs = _Comparison([ord(line) for line in old], [ord(line) for line in new])._myers(span)
    check(old, new, [run for run in runs if isinstance(run, Run) and run.length])
    assert sum(run.length for run in runs if isinstance(run, Run)) == longest(old, new)


@given(LINES)
def test_a_text_beside_itself_is_one_run(lines: list[str]) -> None:
    assert common_runs(lines, lines) == ([Run(0, 0, len(lines))] if lines else [])


def test_a_moved_function_keeps_the_lines_that_are_its_own() -> None:
    body = [f"line {number}" for number in range(20)]
    old = ["def a():", *body, "", "def b():", "  pass", ""]
    new = ["def b():", "  pass", "", "def a():", *body, ""]
    kept = sum(run.length for run in common_runs(old, new))
    assert kept >= 22


def test_hostile_texts_take_a_second_at_most() -> None:
    rng = random.Random(3)
    began = time.process_time()
    for size, letters in (
        (20_000, "ab"),
        (20_000, "abcdefghij"),
        (100_000, "a"),
        (30_000, "abcdefghijklmnopqrstuvwxyz"),
    ):
        old = [rng.choice(letters) for _ in range(size)]
        new = [rng.choice(letters) for _ in range(size)]
        check(old, new, common_runs(old, new))
    assert time.process_time() - began < 8
