"""fsck: sound stores are sound, and each kind of fault is found and named with what it touches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.files.paths import check_path
from objstore.maintenance.finding import Fault, Finding
from objstore.maintenance.fsck import fsck
from objstore.objects.commits import Commit, encode_commit
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.trees import Entry, build_tree, encode_node
from objstore.objects.trees.node import node_of
from objstore.storage.local.storage import LocalStorage
from refs.edits import ANY, RefEdit
from tests.maintenance import stores
from tests.repository.worlds import NOTE, World

EVENTS = 1060


@pytest.fixture(params=["memory", "local"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as store:
        stores.fill(store, EVENTS)
        yield store


@pytest.mark.parametrize("full", [True, False])
def test_a_sound_store_has_no_findings(filled: objstore.Store, full: bool) -> None:
    report = filled.fsck(full=full)
    assert report.findings == ()
    assert report.sound
    assert report.refs == 5
    assert report.commits > EVENTS


def test_a_full_check_reads_every_object_and_byte(tmp_path: Path) -> None:
    with objstore.open(stores.make(tmp_path / "s", 50)) as store:
        report = store.fsck()
        held = list(store.storage.objects())
        assert report.objects >= len(held)
        assert report.size >= sum(size for _, _, size in held)
        told: list[tuple[str, int, int]] = []
        store.fsck(progress=lambda *step: told.append(step))
        assert told[-1][1] == report.stored


class Crooked(World):
    """A conversation c of some events in memory, on which crooked commits are put."""

    def __init__(self, events: int = 4) -> None:
        super().__init__()
        self.c = self.branch("c", create=True)
        for _ in range(events):
            self.put(self.next())

    @property
    def head(self) -> Oid:
        return self.c.need_head()

    def next(self, **fields: Any) -> Commit:
        """The right next commit, with an event, but for some fields."""
        growth = self.growth(self.head)
        growth.add(self.event(1), files=None, settings=None, time=self.time)
        self.repo.storage.apply([obj for obj in growth.objects if obj.kind is not Kind.COMMIT], (), NOTE)
        assert growth.commit is not None
        return growth.commit._replace(**fields)

    def put(self, commit: Commit) -> Oid:
        obj = self.keep_object(Kind.COMMIT, encode_commit(commit))
        self.repo.storage.apply((), [RefEdit("conversations/c", obj.oid, ANY)], NOTE)
        return obj.oid

    def keep_object(self, kind: Kind, payload: bytes) -> Object:
        obj = self.repo.hasher.object(kind, payload)
        self.repo.storage.apply([obj], (), NOTE)
        return obj

    def findings(self) -> list[Finding]:
        """What both a full and a quick check find, which is the same where no bytes are damaged."""
        full = fsck(self.repo, check_path=check_path)
        quick = fsck(self.repo, full=False, check_path=check_path)
        assert full.findings == quick.findings
        return list(full.findings)


def only(findings: list[Finding], fault: Fault, where: str) -> Finding:
    assert [(finding.fault, finding.where) for finding in findings] == [(fault, (where,))]
    return findings[0]


def test_a_straight_history_is_sound() -> None:
    assert Crooked().findings() == []


@pytest.mark.parametrize(
    ("fields", "word"),
    [({"generation": 9}, "generation"), ({"place": 4, "events": 5}, "place"), ({"events": 4}, "events")],
)
def test_a_commit_that_does_not_fit_its_parent_is_named(fields: dict[str, Any], word: str) -> None:
    crooked = Crooked()
    crooked.put(crooked.next(**fields))
    found = crooked.findings()
    assert len(found) == 1
    assert found[0].fault is Fault.HISTORY
    assert word in found[0].reason


def test_a_jump_that_leads_elsewhere_is_named() -> None:
    crooked = Crooked(5)
    right = crooked.next()
    assert right.jump != right.parents[0]
    crooked.put(right._replace(jump=right.parents[0]))
    assert "jump" in only(crooked.findings(), Fault.HISTORY, "c#6").reason


def test_an_event_index_with_other_events_is_named() -> None:
    crooked = Crooked(1024)
    right = crooked.next()
    assert right.index is not None
    level_0 = crooked.repo.read_index(right.index)
    wrong = crooked.keep_object(Kind.INDEX, level_0[:-64] + level_0[-32:] + level_0[-64:-32])
    crooked.put(right._replace(index=wrong.oid))
    assert "event index" in only(crooked.findings(), Fault.HISTORY, "c#1025").reason


def test_a_missing_event_is_named_with_every_conversation_that_has_it() -> None:
    crooked = Crooked(3)
    crooked.put(crooked.next(event=Oid(bytes(32))))
    lost = crooked.head
    crooked.put(crooked.next())
    crooked.repo.storage.apply((), [RefEdit("conversations/fork", lost, ANY)], NOTE)
    found = crooked.findings()
    assert [(f.fault, set(f.where)) for f in found] == [(Fault.MISSING, {"c#4", "fork#4"})]
    assert found[0].words().startswith("c#4, fork#4: the object is missing")


def test_behind_a_lost_commit_the_history_is_still_checked() -> None:
    crooked = Crooked(14)
    assert crooked.repo.commit(crooked.head).place == 14  # Its jump leads to place 7.
    chain = [crooked.head]
    while parents := crooked.repo.commit(chain[-1]).parents:
        chain.append(parents[0])
    lost, older = chain[14 - 13], chain[14 - 4]
    event = crooked.repo.commit(older).event
    assert event is not None
    objects: dict[Oid, Object] = crooked.repo.storage._objects  # type: ignore[attr-defined]
    del objects[lost], objects[event]
    found = {finding.oid: finding.where for finding in crooked.findings()}
    assert found[lost.hex()] == ("c#13 and what came before",)
    assert found[event.hex()] == ("c#4",)
    assert len(found) == 2


def test_a_kind_in_the_place_of_another_is_named() -> None:
    crooked = Crooked(2)
    blob = crooked.keep_object(Kind.BLOB, b"no event")
    crooked.put(crooked.next(event=blob.oid))
    full = fsck(crooked.repo)
    assert "it is a blob where a event should be" in only(list(full.findings), Fault.CORRUPT, "c#3").reason


def test_an_encoding_that_is_not_canonical_is_named() -> None:
    crooked = Crooked(2)
    event = crooked.keep_object(Kind.EVENT, bytes(16) + b"\xcc\x01")  # 1 in two bytes
    crooked.put(crooked.next(event=event.oid))
    assert "canonical" in only(crooked.findings(), Fault.CORRUPT, "c#3").reason


def entries(crooked: Crooked, count: int) -> list[tuple[bytes, Entry]]:
    blob = crooked.keep_object(Kind.BLOB, b"x")
    return [(f"f{number:05}".encode(), Entry(0o100644, blob.oid, 1)) for number in range(count)]


def with_files(crooked: Crooked, items: list[tuple[bytes, Entry]]) -> Oid:
    def keep(obj: Object) -> None:
        crooked.repo.storage.apply([obj], (), NOTE)

    return build_tree(items, crooked.repo.hasher, keep)


def test_a_tree_that_is_cut_elsewhere_is_named() -> None:
    crooked = Crooked(1)
    items = entries(crooked, 40)
    leaf = [
        crooked.keep_object(Kind.TREE, encode_node(node_of(0, [k for k, _ in part], [e for _, e in part])))
        for part in (items[:7], items[7:])
    ]
    children = [(7, leaf[0].oid, 7), (33, leaf[1].oid, 33)]
    root = crooked.keep_object(Kind.TREE, encode_node(node_of(1, [items[6][0], items[-1][0]], children)))
    crooked.put(crooked.next(files=root.oid))
    assert "goes on" in only(crooked.findings(), Fault.TREE, "c#2").reason


def test_a_tree_whose_parent_counts_wrong_is_named_also_where_its_nodes_are_known() -> None:
    crooked = Crooked(1)
    root = with_files(crooked, entries(crooked, 600))
    crooked.put(crooked.next(files=root))
    assert crooked.findings() == []
    node = crooked.repo.nodes.node(root)
    wrong = node._replace(numbers=(node.numbers[0] + 1, *node.numbers[1:]))
    crooked.put(crooked.next(files=crooked.keep_object(Kind.TREE, encode_node(wrong)).oid))
    found = crooked.findings()
    assert [finding.fault for finding in found] == [Fault.TREE]
    assert "parent" in found[0].reason


def test_a_large_tree_is_sound_after_many_edits() -> None:
    with objstore.open("memory:") as store:
        ws = store.files.create("ws")
        with ws.commit("many") as draft:
            for number in range(3000):
                draft.write(f"d/{number:04}", b"%d" % number)
        for number in range(0, 3000, 171):
            ws.delete(f"d/{number:04}")
            ws.write(f"e/{number:04}", b"new")
        assert store.fsck().findings == ()


def test_a_file_of_another_size_and_a_path_that_leads_outside_are_named() -> None:
    crooked = Crooked(1)
    blob = crooked.keep_object(Kind.BLOB, b"12345")
    items = [(b"../up", Entry(0o100644, blob.oid, 5)), (b"src/a.py", Entry(0o100644, blob.oid, 6))]
    crooked.put(crooked.next(files=with_files(crooked, items)))
    found = {finding.fault: finding.where for finding in fsck(crooked.repo, check_path=check_path).findings}
    assert found == {Fault.PATH: ("c#2:../up",), Fault.CORRUPT: ("c#2:src/a.py",)}


def test_a_lost_chunk_of_a_large_file_names_the_file() -> None:
    with objstore.open("memory:") as store:
        store.files.create("ws").write("deep/large.bin", bytes(range(256)) * 1000)
        objects: dict[Oid, Object] = store.storage._objects  # type: ignore[attr-defined]
        lost = next(oid for oid, obj in objects.items() if obj.kind is Kind.BLOB and len(obj.payload) > 1000)
        del objects[lost]
        expected = [(Fault.MISSING, lost.hex(), ("files/ws:deep/large.bin",))]
        assert [(f.fault, f.oid, f.where) for f in store.fsck().findings] == expected


def test_what_only_the_log_knows_is_checked_too() -> None:
    crooked = Crooked(3)
    crooked.repo.storage.apply((), [RefEdit("conversations/c", None, ANY)], NOTE)
    objects: dict[Oid, Object] = crooked.repo.storage._objects  # type: ignore[attr-defined]
    event = next(oid for oid, obj in objects.items() if obj.kind is Kind.EVENT)
    del objects[event]
    found = crooked.findings()
    assert [(f.fault, f.oid) for f in found] == [(Fault.MISSING, event.hex())]
    assert found[0].where[0].startswith("c@{step ")


def test_findings_of_a_store_that_others_write_to_are_none(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "s", create=True) as store, objstore.open(tmp_path / "s") as other:
        conv = other.conversations.create("c")
        conv.append_many(range(300))

        def meddle(*_: object) -> None:
            conv.append({"while": "checking"})
            other.repack()

        assert store.fsck(progress=meddle).findings == ()
        assert len(conv) > 300


def test_records_that_were_deleted_do_not_count_as_there(tmp_path: Path) -> None:
    with objstore.open(stores.make(tmp_path / "s", 50)) as store:
        before = store.fsck().objects
        assert isinstance(store.storage, LocalStorage)
        pack = next(pack for pack in store.storage.packs if len(pack.index) > 10)
        pack.dead = frozenset((frame, record) for _, frame, record in pack.index)
        assert store.fsck().objects == before - len(pack.index)


def test_a_tag_that_lies_among_commits_is_taken_for_none_of_them(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conv = store.conversations.open("c", create=True)
        for number in range(3):
            conv.append(number)
            store.tags.create(f"v{number}", f"c#{number + 1}")
        store.repack()
        assert store.fsck().findings == ()
        assert [tag.name for tag in store.tags.find()] == ["v0", "v1", "v2"]
