"""Where the bytes are: held against sets of ids, gathered the plain way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.cli.statistics import Row, bar, plot, text
from objstore.maintenance.oid_table import OidTable
from objstore.objects.chunk_list import decode_chunk_list
from objstore.objects.commits import decode_commit
from objstore.objects.event_index import node_children
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import decode_tag
from objstore.objects.trees import decode_node
from objstore.storage.protocol import Storage
from tests.cli.calls import Calls
from tests.maintenance import stores


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        stores.fill(opened, 1100)
        yield opened


def closure(storage: Storage, roots: list[Oid]) -> set[Oid]:
    """Everything that these reach, with nothing left out."""
    seen: set[Oid] = set()
    waiting = list(roots)
    while waiting:
        oid = waiting.pop()
        if oid in seen:
            continue
        seen.add(oid)
        kind, payload = (obj := storage.read(oid)).kind, obj.payload
        if kind is Kind.COMMIT:
            commit = decode_commit(payload)
            parts = (commit.event, commit.index, commit.files, commit.settings)
            waiting += [*commit.parents, *(part for part in parts if part is not None)]
        elif kind is Kind.TREE:
            waiting += decode_node(payload).oids
        elif kind is Kind.INDEX:
            waiting += node_children(payload)[1]
        elif kind is Kind.CHUNKS:
            waiting += [piece for piece, _ in decode_chunk_list(payload).pieces()]
        elif kind is Kind.TAG:
            waiting.append(decode_tag(payload).target)
    return seen


def test_usage_is_what_sets_of_ids_say(store: objstore.Store) -> None:
    storage = store.storage
    sizes = {oid: size for oid, _, size in storage.objects()}
    reached = {ref.name: closure(storage, [Oid(ref.value)]) for ref in store.refs.find()}
    counts = Counter(oid for found in reached.values() for oid in found)
    by_logs = closure(storage, [Oid(value) for value in store.refs.values()])
    used = store.usage()
    assert used.payload == sum(sizes.values())
    for ref in used.refs:
        assert ref.exclusive == sum(sizes[oid] for oid in reached[ref.ref] if counts[oid] == 1)
    assert used.shared == sum(sizes[oid] for oid, holders in counts.items() if holders > 1)
    claimed = sum(sizes[oid] for oid in set(counts) | by_logs)
    assert used.shared + used.logs + sum(ref.exclusive for ref in used.refs) == claimed
    assert used.free == used.payload - claimed
    by_kind = Counter(kind.name.lower() for _, kind, _ in storage.objects())
    assert {kind: count for kind, (count, _) in used.kinds.items()} == by_kind


def test_a_fork_shares_what_it_has_and_keeps_what_it_adds() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many([{"text": "x" * 1000}] * 20)
        alone = store.usage().refs[0]
        assert alone.exclusive == store.usage().payload
        assert alone.content > 20_000
        fork = conv.fork("d")
        fork.append({"text": "y" * 5000})
        both = {ref.ref: ref for ref in store.usage().refs}
        assert both["conversations/c"].exclusive == 0
        assert 5000 < both["conversations/d"].exclusive < 6000
        assert both["conversations/d"].content - both["conversations/c"].content > 5000
        assert store.usage().shared == alone.exclusive
        store.conversations.delete("d")
        gone = store.usage()
        assert gone.logs == both["conversations/d"].exclusive
        assert gone.free == 0


def test_stats_count_what_is_there(store: objstore.Store) -> None:
    facts = store.stats()
    assert (facts.conversations, facts.workspaces, facts.settings, facts.tags) == (2, 1, 1, 1)
    assert facts.events == len(store.conversations.open("c")) + len(store.conversations.open("fork"))
    assert facts.objects == len(list(store.storage.objects()))
    assert facts.referenced > 0


def test_the_command_plots_and_prints_json(tmp_path: Path) -> None:
    call = Calls(tmp_path)
    call.chat("small", "hi")
    call.chat("large", *("words " * 50 for _ in range(30)))
    lines = call("stats", "--by", "conversation").splitlines()
    assert [line.split()[0] for line in lines] == ["large", "small"]
    assert "█" in lines[0]
    assert "30 events" in lines[0]
    facts = call.json("stats", "--by", "kind")
    assert {line["kind"] for line in facts} == {"commit", "event"}
    assert call.json("stats", "--by", "sharing")[0]["sharing"] == "one ref alone"
    assert call.json("stats")[0]["events"] == 31


def test_bars_grow_by_eighths() -> None:
    assert bar(0) == ""
    assert bar(1) == "█" * 30
    assert bar(0.5) == "█" * 15
    assert len({bar(number / 240) for number in range(241)}) == 241
    assert [text(size) for size in (0, 999, 1000, 2_500_000, 7 * 10**12)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "2.5 MB",
        "7,000.0 GB",
    ]
    assert list(plot([Row("a", 0, "")], 0)) == ["a        0 B    0.0 %"]


def test_a_table_of_ids_is_a_dict_of_ids() -> None:
    table, model = OidTable(), dict[Oid, int]()
    for number in range(5000):
        oid = PLAIN_HASHER.oid(Kind.BLOB, b"%d" % (number % 3500))
        assert table.get(oid) == model.get(oid, 0)
        table.put(oid, number + 1)
        model[oid] = number + 1
    assert len(table) == len(model) == 3500
    assert sorted(table.values()) == sorted(model.values())
    assert all(table.get(oid) == value for oid, value in model.items())
    assert Oid(bytes(32)) not in table
