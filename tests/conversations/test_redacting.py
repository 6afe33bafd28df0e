"""Redaction: the content is gone for everybody and for good; ids, numbers and everything else stay."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.conversations.follow import HeadMoved
from objstore.errors import MissingObject, NothingToUndo, RedactedEvent
from objstore.objects.kinds import Object
from objstore.objects.tombstones import tombstone_ref
from refs.edits import Note

CANARY = "zqxjcanarywordthatnobodyelsewrites"
SECRET = {"role": "tool", "content": f"the password is {CANARY}"}
MARK = {"redacted": {"by": "ada", "reason": "a password", "time": "2023-11-14T22:13:20+00:00"}}


@pytest.fixture(params=["memory", "local", "packed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True, author="ada") as opened:
        conv = opened.conversations.create("c")
        conv.append_many([{"content": f"event {number}"} for number in range(3)])
        conv.append(SECRET)
        conv.append_many([{"content": f"event {number}"} for number in range(4, 1030)])
        opened._repo.now = lambda: 1_700_000_000_000_000
        if request.param == "packed":
            opened.repack()
        yield opened


def test_asked_for_alone_it_is_an_error_and_in_a_row_it_is_a_marker(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    before, ids = conv.head, [commit.oid for commit in conv.log()]
    (record,) = conv.redact(3, reason="a password")
    assert (record.author, record.time, record.reason) == ("ada", 1_700_000_000_000_000, "a password")
    assert conv.head == before
    assert [commit.oid for commit in conv.log()] == ids
    with pytest.raises(RedactedEvent) as caught:
        conv[3]
    error = caught.value
    assert (error.oid, error.who, error.when, error.reason) == (record.event, "ada", record.time, "a password")
    event = record.event.hex()[:8]
    text = f"event {event}… was redacted by ada on 2023-11-14: a password. Its content is gone for good"
    assert str(error) == text
    assert list(conv)[2:5] == [{"content": "event 2"}, MARK, {"content": "event 4"}]
    assert conv[3:4] == [MARK]
    assert conv[3:2:-1] == [MARK]
    assert [entry.value for entry in conv.at(5).entries(3)] == [MARK, {"content": "event 4"}]
    assert len(conv) == len(list(conv)) == 1030
    report = store.fsck()
    assert (report.findings, report.redacted) == ((), 1)
    assert store.fsck(full=False).sound
    assert list(store.redactions()) == [record]


def test_every_fork_that_shares_it_is_without_it(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    fork, early = conv.fork("fork"), conv.fork("early", at=3)
    other = early.edit(0, {"content": "instead"}, "other", carry=True)
    early.append({"content": "x"})
    early.merge(conv)
    fork.redact(3, reason="")
    for name in ("c", "fork"):
        with pytest.raises(RedactedEvent):
            store.conversations.open(name)[3]
    with pytest.raises(RedactedEvent):
        early[4]  # it came along by a merge
    assert len(other) == 3
    carried = conv.edit(1, {"content": "instead"}, carry=True)  # its commits name what is gone
    with pytest.raises(RedactedEvent):
        carried[3]
    assert carried[4] == {"content": "event 4"}
    early.append({"content": "y"})
    early.merge(carried)
    assert list(store.check()) == []


def test_negative_numbers_several_at_once_and_none_beyond_the_end(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    with pytest.raises(IndexError):
        conv.redact(0, 5000, reason="")
    assert list(store.redactions()) == []
    records = conv.redact(-1, 0, 0, reason="two")
    assert len(records) == 2
    assert [number for number, value in enumerate(conv) if "redacted" in value] == [0, 1029]


def test_again_is_harmless_and_the_first_record_stands(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    (first,) = conv.redact(3, reason="first")
    (again,) = conv.redact(3, reason="again")
    assert first == again
    assert list(store.check()) == []


def test_neither_undo_nor_a_rewind_brings_it_back(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    conv.append("after")
    conv.redact(3, reason="")
    operation = next(store.operations())
    with pytest.raises(NothingToUndo, match="gone for good"):
        store.undo(operation)
    conv.undo()
    conv.redo()
    conv.rewind(5)
    with pytest.raises(RedactedEvent):
        conv[3]
    store.conversations.delete("c")
    store.undo(next(store.operations()))
    with pytest.raises(RedactedEvent):
        store.conversations.open("c")[3]


def test_search_forgets_it(store: objstore.Store) -> None:
    assert len(store.conversations.search(CANARY)) == 1
    store.conversations.open("c").redact(3, reason="")
    assert store.conversations.search(CANARY) == []
    assert store.conversations.search("password") == []
    assert len(store.conversations.search("event", limit=2000)) == 1029
    store.index.discard()
    assert store.conversations.search(CANARY) == []
    assert len(store.conversations.search("event", limit=2000)) == 1029


def test_written_again_it_counts_as_absent_and_the_check_says_so(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    event = conv.at(4).commit.event
    assert event is not None
    obj: Object = store.storage.read(event)
    conv.redact(3, reason="")
    with pytest.raises(MissingObject):
        store.storage.read(event)
    store.storage.apply([obj], (), Note("mallory", "", 0))
    with pytest.raises(RedactedEvent):
        conv[3]
    (finding,) = store.check()
    assert (str(finding.fault), finding.oid) == ("redaction", event.hex())
    conv.redact(3, reason="")
    assert list(store.check()) == []
    with pytest.raises(MissingObject):
        store.storage.read(event)


def test_a_ref_that_is_no_tombstone_is_a_finding(store: objstore.Store) -> None:
    from refs.edits import ABSENT, RefEdit

    conv = store.conversations.open("c")
    event = conv.at(4).commit.event
    assert event is not None
    store.storage.apply((), [RefEdit(tombstone_ref(event), conv.head.oid, ABSENT)], Note("x", "", 0))
    assert any(f"redacted/{event.hex()}" in finding.where for finding in store.check())


def test_exports_say_what_stood_there(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    conv.redact(3, reason="a password")
    for form in ("html", "markdown"):
        text = "".join(conv.at(5).export(form))
        assert "redacted" in text
        assert "by ada on 2023-11-14: a password" in text
        assert CANARY not in text
    assert '{"redacted": {"by": "ada"' in "".join(conv.export("jsonl"))


def test_a_follower_gets_the_marker(store: objstore.Store) -> None:
    conv = store.conversations.open("c")
    conv.redact(3, reason="a password")
    with conv.follow(after=3, timeout=60) as news:
        item = next(news)
    assert not isinstance(item, HeadMoved)
    assert (item.number, item.value) == (3, MARK)


def test_two_that_redact_at_once_leave_one_record(store: objstore.Store) -> None:
    convs = [store.conversations.open("c") for _ in range(4)]
    records: list[object] = []
    threads = [
        threading.Thread(target=lambda conv=conv: records.append(conv.redact(3, 4, reason=""))) for conv in convs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(records) == 4
    assert all(record == records[0] for record in records)
    assert list(store.check()) == []


def test_a_process_that_has_read_it_reads_it_no_more(tmp_path: Path) -> None:
    code = """
import sys, objstore
from objstore.errors import RedactedEvent
with objstore.open(sys.argv[1]) as store:
    conv = store.conversations.open("c")
    for _ in range(200):
        conv[1]
    print("read", flush=True)
    sys.stdin.readline()
    try:
        conv[1]
    except RedactedEvent:
        assert "redacted" in list(conv)[1]
        conv.append("went on")
    else:
        raise SystemExit("it can still be read")
"""
    place = tmp_path / "store"
    with objstore.open(place, create=True) as store:
        conv = store.conversations.create("c")
        conv.append_many([{"n": number} for number in range(50)])
        store.repack()
        root = Path(objstore.__file__).parent.parent
        command = [sys.executable, "-c", code, str(place)]
        with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "read\n"
            conv.redact(1, reason="")
            other.communicate("go on\n", timeout=60)
        assert other.returncode == 0
        assert len(conv) == 51
        assert list(store.check()) == []
