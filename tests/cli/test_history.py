"""`log`, `show`, `diff`, `undo`, `redo`, and the shapes of their JSON."""

from __future__ import annotations

import re

import pytest

from tests.cli.calls import Calls

COMMIT = {"id", "parents", "events", "author", "time", "message"}


@pytest.fixture
def forked(call: Calls) -> Calls:
    """A store with a conversation of three events and a fork of it at the second."""
    call.chat("c", "one", "two", "three")
    call("fork", "c", "d", "--at", "2")
    call.chat("d", "other")
    return call


def test_the_log_has_a_line_for_each_commit_newest_first(forked: Calls) -> None:
    lines = forked("log", "c").splitlines()
    assert [re.sub(r"^[0-9a-f]{12}  (#\d)      [-\d]{10} [:\d]{8}  ", r"\1 ", line) for line in lines] == [
        "#3 user: three",
        "#2 user: two",
        "#1 user: one",
        "#0 (made)",
    ]
    found = forked.json("log", "c")
    assert all(set(line) == COMMIT for line in found)
    assert [line["events"] for line in found] == [3, 2, 1, 0]
    assert [line["parents"] for line in found[:-1]] == [[line["id"]] for line in found[1:]]
    assert forked.json("log", "c", "-n", "1") == found[:1]


def test_a_log_of_several_names_tells_which_refs_point_where(forked: Calls) -> None:
    for words in (("log", "c", "d"), ("log",)):
        found = forked.json(*words)
        assert len(found) == 5
        assert sorted(ref for line in found for ref in line["refs"]) == ["c", "d"]


def test_the_graph_shows_where_a_fork_left(forked: Calls) -> None:
    drawn = [
        re.sub(r"[0-9a-f]{12}.*(#\d).*? (\w+:|\(made)", r"\1 \2", line)
        for line in forked("log", "--graph").splitlines()
    ]
    assert [line.split("  ")[0].rstrip() for line in drawn] == ["*", "| *", "|/", "*", "*", "*"]
    assert forked.json("log", "--graph") == forked.json("log")


def test_show_prints_events_for_reading_and_whole_as_json(forked: Calls) -> None:
    assert forked("show", "c#2") == "#1 user\n  one\n\n#2 user\n  two\n\n"
    assert forked.json("show", "c", "--last", "1") == [{"event": 2, "value": {"role": "user", "content": "three"}}]
    assert forked("show", "c#0") == ""


@pytest.mark.parametrize("moment", ["c#2", "c~1", "d~1", "c@{1}"])
def test_a_moment_is_written_in_many_ways(forked: Calls, moment: str) -> None:
    shown = [line["value"]["content"] for line in forked.json("show", moment)]
    assert shown == ([] if moment == "c@{1}" else ["one", "two"])


def test_an_id_or_its_beginning_is_a_moment(forked: Calls) -> None:
    (head,) = forked.json("log", "c", "-n", "1")
    for length in (64, 16):
        assert len(forked.json("show", head["id"][:length])) == 3


def test_a_difference_tells_events_files_and_settings(call: Calls) -> None:
    call.chat("c", "one")
    call("files", "write", "-c", "c", "a.txt", stdin="old\n")
    call("files", "write", "-c", "c", "b.bin", stdin=b"\x00")
    call("settings", "set", "-c", "c", "k", "1")
    call("tag", "before", "c")
    call.chat("c", "two")
    call("files", "write", "-c", "c", "a.txt", "--mode", "755", stdin="new\n")
    call("files", "write", "-c", "c", "c.txt", stdin="no newline")
    call("files", "delete", "-c", "c", "b.bin")
    call("settings", "set", "-c", "c", "k", "2")
    text = call("diff", "tags/before", "c")
    for part in (
        "events: 1 shared, 0 removed, 1 added\n+ #2 user: two\n",
        "changed: a.txt (mode 100644 to 100755)\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-old\n+new\n",
        "deleted: b.bin\nbinary: 1 bytes before, nothing after\n",
        "added: c.txt\n--- /dev/null\n+++ b/c.txt\n@@ -0,0 +1 @@\n+no newline\n\\ No newline at end of file\n",
        "settings: k\n- k = 1\n+ k = 2\n",
    ):
        assert part in text
    found = call.json("diff", "tags/before", "c")
    assert found[0] == {"events": {"common": 1, "removed": 0, "added": 1}}
    assert found[1] == {"added": 1, "value": {"role": "user", "content": "two"}}
    assert [line.get("file") for line in found[2:5]] == ["a.txt", "b.bin", "c.txt"]
    assert {"file", "old", "new", "diff"} <= set(found[2])
    assert found[3]["new"] is None
    assert found[3]["diff"] is None
    assert found[-1] == {"setting": "k", "old": 1, "new": 2}


def test_a_difference_of_one_path_or_folder(call: Calls) -> None:
    for text in ("old", "new"):
        call("files", "write", "ws", "src/a", "--create", stdin=text)
        call("files", "write", "ws", "b", stdin=text)
    assert [line["file"] for line in call.json("diff", "files/ws~2:src/", "files/ws")] == ["src/a"]
    assert [line["file"] for line in call.json("diff", "files/ws~2:b", "~0")] == ["b"]
    assert call("diff", "files/ws", "files/ws") == ""
    assert "different paths" in call("diff", "files/ws:a", "files/ws:b", code=2)


def test_undo_and_redo_say_what_became_and_how_to_go_back(forked: Calls) -> None:
    forked("rewind", "c", "#1")
    text = forked("undo", "c")
    assert text == "c has 3 events now; it had 1. The last is user: three\nTo take it back: objstore redo c\n"
    assert forked("redo", "c").startswith("c has 1 event now; it had 3. The last is user: one\n")
    (found,) = forked.json("undo", "c")
    assert {"name", "was", "id", "events"} <= set(found)
    assert (found["name"], found["events"]) == ("c", 3)


def test_undo_goes_back_to_where_the_name_was_not_there(call: Calls) -> None:
    call("settings", "set", "user", "k", "1", "--create")
    assert call("undo", "settings/user").startswith("settings/user is at ")
    gone = call("undo", "settings/user")
    assert "settings/user is gone" in gone
    call(*gone.strip().rpartition("objstore ")[2].split())
    assert call.json("settings") == [{"name": "user", "keys": 0}]


def test_an_operation_is_taken_back_by_its_number(forked: Calls) -> None:
    forked("conversations", "delete", "c")
    (newest,) = forked.json("operations", "-n", "1")
    assert (newest["why"], newest["ref"]) == ("delete", "conversations/c")
    assert forked.json("undo", "--operation", str(newest["operation"])) == [
        {"operation": newest["operation"], "refs": ["conversations/c"]}
    ]
    assert len(forked.json("show", "c")) == 3
    assert "moved" in forked("undo", "--operation", str(newest["operation"]), code=4)


def test_a_tag_has_no_steps(forked: Calls) -> None:
    forked("tag", "v1", "c")
    assert "A tag has no steps" in forked("undo", "tags/v1", code=2)
