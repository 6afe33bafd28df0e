"""The graph of a log: every commit is drawn once, children above parents, and lanes never lose a line."""

from __future__ import annotations

import random

import pytest

from objstore.cli.graph import Graph


def draw(*commits: tuple[str, str]) -> list[str]:
    """The picture of commits given as (name, names of parents), children first."""
    graph, lines = Graph(), []
    for name, parents in commits:
        rows = graph.add(name.encode(), [parent.encode() for parent in parents])
        lines += [*rows.above, f"{rows.at}  {name}", *rows.below]
    return [line.rstrip() for line in lines]


def test_a_line() -> None:
    assert draw(("c", "b"), ("b", "a"), ("a", "")) == ["*  c", "*  b", "*  a"]


def test_a_fork() -> None:
    assert draw(("d", "b"), ("c", "b"), ("b", "a"), ("a", "")) == ["*  d", "| *  c", "|/", "*  b", "*  a"]


def test_a_merge() -> None:
    assert draw(("d", "bc"), ("c", "a"), ("b", "a"), ("a", "")) == ["*  d", "|\\", "| *  c", "* |  b", "|/", "*  a"]


def test_histories_that_never_met() -> None:
    assert draw(("b", "a"), ("y", "x"), ("x", ""), ("a", "")) == ["*  b", "| *  y", "| *  x", "*  a"]


@pytest.mark.parametrize("seed", range(20))
def test_any_history_ends_with_no_lane_open(seed: int) -> None:
    chance = random.Random(seed)
    graph = Graph()
    count = 60
    for number in reversed(range(count)):
        parents = chance.sample(range(number), min(number, chance.choice([0, 1, 1, 1, 2, 3])))
        rows = graph.add(b"%d" % number, [b"%d" % parent for parent in parents])
        assert rows.at.count("*") == 1
        assert rows.at.replace("*", "").replace("|", "").strip() == ""
    assert graph.edge == "", f"seed {seed}"
