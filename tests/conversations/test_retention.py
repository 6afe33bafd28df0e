"""Retention lets go exactly what a naive reading of the rules lets go, in one operation that can be undone."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import objstore
from objstore.conversations.retention import Rule, parse_period, parse_rules
from objstore.errors import InvalidValue


def fill(store: objstore.Store, draw: random.Random) -> None:
    for number in range(40):
        conv = store.conversations.create(f"{draw.choice(['a/', 'a/b/', 'c/'])}{number}")
        if draw.random() < 0.2:
            conv.metadata.add_tags("keep")


@pytest.mark.parametrize("seed", range(5))
def test_what_goes_is_what_no_keep_holds(seed: int) -> None:
    draw = random.Random(seed)
    with objstore.open("memory:") as store:
        fill(store, draw)
        rules = [
            Rule(prefix, keep_last=draw.randrange(6), keep_tags=("keep",) if draw.random() < 0.5 else ())
            for prefix in draw.sample(["", "a/", "a/b/", "c/"], draw.randrange(1, 5))
        ]
        expected: set[str] = set()
        infos = list(store.conversations.find(newest=True))
        for rule in rules:
            rivals = [other.prefix for other in rules if len(other.prefix) > len(rule.prefix)]
            own = [i for i in infos if i.name.startswith(rule.prefix) and not i.name.startswith(tuple(rivals))]
            gone = own[rule.keep_last :]
            expected |= {info.name for info in gone if not {*rule.keep_tags} & {*info.tags}}
        planned = store.conversations.expire(rules)
        assert ({item.name for item in planned.conversations}, planned.operation) == (expected, None)
        assert len(list(store.conversations.find())) == len(infos)
        done = store.conversations.expire(rules, dry_run=False)
        assert done.conversations == planned.conversations
        assert {i.name for i in infos} - {i.name for i in store.conversations.find()} == expected, f"seed {seed}"
        if done.operation is not None:
            store.undo(done.operation)
        assert [i.name for i in store.conversations.find()] == sorted(i.name for i in infos)


def test_what_changed_lately_stays() -> None:
    with objstore.open("memory:") as store:
        store.conversations.create("a")
        day = Rule(keep_within=timedelta(days=1))
        assert store.conversations.expire([day]).conversations == []
        now = Rule(keep_within=timedelta())
        assert [item.name for item in store.conversations.expire([now]).conversations] == ["a"]


def test_a_conversation_that_changes_meanwhile_is_judged_again(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store:
        convs = [store.conversations.create(f"c{number}") for number in range(20)]
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                convs[0].append(1)

        writer = threading.Thread(target=write)
        writer.start()
        done = store.conversations.expire([Rule(keep_last=5)], dry_run=False)
        stop.set()
        writer.join()
        assert len(done.conversations) == 15
        assert "c0" in store.conversations


@pytest.mark.parametrize(
    "rules",
    [
        [Rule()],
        [Rule("a", keep_tags=("x",))],
        [Rule(keep_last=-1)],
        [Rule(keep_within=timedelta(-1))],
        [Rule("a", 1), Rule("a", 2)],
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: list[Rule]) -> None:
    with objstore.open("memory:") as store:
        store.conversations.create("a")
        with pytest.raises(InvalidValue):
            store.conversations.expire(rules, dry_run=False)
        assert "a" in store.conversations


def test_rules_are_read_from_toml() -> None:
    text = '[[rule]]\nprefix = "ci/"\nkeep_last = 3\n[[rule]]\nkeep_within = "30 days"\nkeep_tags = ["x"]\n'
    assert parse_rules(text) == [Rule("ci/", 3), Rule("", None, timedelta(days=30), ("x",))]
    assert parse_period("12h") == timedelta(hours=12)
    for bad in (
        "not toml",
        "a = 1",
        "rule = 3",
        "rule = [1]",
        "[[rule]]",
        "[[rule]]\nkeep_last = true",
        "[[rule]]\nkeep_last = 1\nkep_tags = []",
        "[[rule]]\nkeep_within = 3",
        "[[rule]]\nkeep_within = 'soon'",
        "[[rule]]\nkeep_last = 1\nkeep_tags = [1]",
        "[[rule]]\nkeep_last = 1\nprefix = 1",
    ):
        with pytest.raises(InvalidValue):
            parse_rules(bad)
