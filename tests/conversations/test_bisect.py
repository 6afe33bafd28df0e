"""Bisection finds the first bad moment, in few steps, against a naive walk; what it cannot judge it says."""

from __future__ import annotations

import math
import random

import pytest

import objstore
from objstore.conversations.view import ConversationView
from objstore.errors import CannotBisect


def test_the_first_bad_moment_is_found_in_a_few_steps() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many(range(3000))
        found = conv.bisect(lambda view: len(view) < 1234)
        assert (found.first_bad.events, found.last_good.events) == (1234, 1233)
        assert found.candidates == (found.first_bad,)
        assert found.tested <= 2 + math.ceil(math.log2(3001))
        assert conv.bisect(lambda view: len(view) < 1234, good=1000, bad="#1300").first_bad == found.first_bad


@pytest.mark.parametrize("seed", range(8))
def test_bisection_finds_what_a_walk_finds_whatever_cannot_be_judged(seed: int) -> None:
    draw = random.Random(seed)
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        for number in range(draw.randrange(2, 60)):
            if draw.random() < 0.7:
                conv.append(number)
            else:
                conv.files.write("f", b"%d" % number)
        log = list(reversed(list(conv.log())))
        breaks = draw.randrange(1, len(log))
        open_ones = {commit.oid for commit in log[1:-1] if draw.random() < draw.choice([0, 0.3, 0.9])}
        places = {commit.oid: place for place, commit in enumerate(log)}

        def judge(view: ConversationView) -> bool | None:
            return None if view.commit.oid in open_ones else places[view.commit.oid] < breaks

        found = conv.bisect(judge)
        judged = [commit for commit in log if commit.oid not in open_ones]
        bad = next(commit for commit in judged if places[commit.oid] >= breaks)
        good = [commit for commit in judged if places[commit.oid] < breaks][-1]
        assert (found.first_bad, found.last_good) == (bad, good), f"seed {seed}"
        assert [*found.candidates] == log[places[good.oid] + 1 : places[bad.oid] + 1]
        assert log[breaks] in found.candidates


def test_ends_that_are_not_what_they_should_be_are_refused() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many([0, 1, 2])
        other = conv.fork("d", at=1)
        other.append("x")
        for judge, good, bad in (
            (lambda _: True, None, None),
            (lambda _: False, None, None),
            (lambda _: None, None, None),
            (lambda view: len(view) < 2, 2, 1),
            (lambda view: len(view) < 2, 3, 3),
            (lambda view: len(view) < 2, "d", None),
        ):
            with pytest.raises(CannotBisect):
                conv.bisect(judge, good=good, bad=bad)
        with pytest.raises(IndexError):
            conv.bisect(lambda _: True, good=9)
