"""`objstore conversations …`, `fork`, `rewind`, `merge`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calls import Calls


def test_an_event_is_appended_from_the_argument(call: Calls) -> None:
    (made,) = call.json("conversations", "append", "c", '{"n": 1}', "--create", "-m", "first")
    assert (made["events"], made["message"], made["author"]) == (1, "first", "ada")
    assert call.json("show", "c") == [{"event": 0, "value": {"n": 1}}]


@pytest.mark.parametrize(
    ("stdin", "events"),
    [
        ('{"n": 1}', [{"n": 1}]),
        ('{\n  "n": [1,\n 2]\n}\n', [{"n": [1, 2]}]),
        ('{"n": 1}\n\n{"n": 2}\n', [{"n": 1}, {"n": 2}]),
        ('"text"\n7\n', ["text", 7]),
        ("[1, 2]", [[1, 2]]),
    ],
)
def test_events_are_appended_from_standard_input(call: Calls, stdin: str, events: list[object]) -> None:
    call("conversations", "append", "c", "--create", stdin=stdin)
    assert [line["value"] for line in call.json("show", "c")] == events


@pytest.mark.parametrize(
    ("stdin", "why"),
    [
        ("", "nothing to append"),
        ("not json", "is not JSON"),
        ('{"n": 1}\n{"n": \n', "line 2 of standard input is not JSON"),
        ('{"n": 1, "n": 2}', "twice"),
        ('{"n": NaN}', "NaN"),
    ],
)
def test_what_is_no_json_on_standard_input_is_refused_and_nothing_is_appended(
    call: Calls, stdin: str, why: str
) -> None:
    call.chat("c", "one")
    assert why in call("conversations", "append", "c", stdin=stdin, code=2)
    assert len(call.json("show", "c")) == 1


def test_what_is_no_json_in_the_argument_is_wrong_usage(call: Calls) -> None:
    assert "is not JSON" in call("conversations", "append", "c", "{", code=2)


def test_a_value_of_any_depth_that_the_store_takes_can_be_shown(call: Calls) -> None:
    deep = "[" * 1020 + "]" * 1020
    call("conversations", "append", "c", deep, "--create")
    assert deep in call("show", "c", "--json")
    call("show", "c")
    call("log", "c")
    assert "nested" in call("conversations", "append", "c", "[" * 1100 + "]" * 1100, code=2)


def test_a_conversation_that_is_not_there_is_made_only_when_asked_for(call: Calls) -> None:
    text = call("conversations", "append", "c", "1", code=3)
    assert "(or add --create)" in text
    assert "create" not in call("log", "c", code=3)
    assert "create" not in call("fork", "c", "d", code=3)


def test_a_directory_goes_into_the_same_commit_as_the_event(call: Calls) -> None:
    work = call.folder / "work"
    (work / "src").mkdir(parents=True)
    (work / "src" / "a.py").write_text("print(1)\n")
    call("conversations", "append", "c", "1", "--create", "--snapshot", "work")
    assert call("show", "c#1:src/a.py") == "print(1)\n"
    assert len(call.json("log", "c")) == 2


def test_an_append_on_a_head_that_moved_is_a_conflict(call: Calls) -> None:
    (first,) = call.json("conversations", "append", "c", "1", "--create")
    call("conversations", "append", "c", "2", "--expected-head", first["id"])
    text = call("conversations", "append", "c", "3", "--expected-head", first["id"], code=4)
    assert "1 new events by ada" in text
    assert "drop --expected-head" in text
    assert len(call.json("show", "c")) == 2


def test_conversations_are_listed_by_prefix_and_without_a_command(call: Calls) -> None:
    for name in ("a1", "a2", "b"):
        call.chat(name, "x")
    assert [line["name"] for line in call.json("conversations")] == ["a1", "a2", "b"]
    assert [line["name"] for line in call.json("conversations", "list", "a")] == ["a1", "a2"]
    assert [line["name"] for line in call.json("conversations", "list", "-n", "1")] == ["a1"]
    line = call("conversations").splitlines()[2].split()
    assert (line[1], line[-1]) == ("1", "b")


def test_conversations_are_paged_newest_first_and_by_tag(call: Calls) -> None:
    for name in ("a", "b", "c"):
        call.chat(name, "x")
    call("conversations", "metadata", "a", "--tag", "red", "--tag", "big", "--title", "Ferry times")
    call("conversations", "metadata", "c", "--tag", "red")

    def names(*words: str) -> list[str]:
        return [line["name"] for line in call.json("conversations", "list", *words)]

    assert names("--newest") == ["c", "a", "b"]
    assert names("--newest", "-n", "1", "--after", "c") == ["a"]
    assert names("--tag", "red") == ["a", "c"]
    assert names("--tag", "red", "--tag", "big") == ["a"]
    assert "Ferry times  [big] [red]" in call("conversations", "list", "--tag", "big")
    call("conversations", "list", "--newest", "--after", "nothing", code=3)


def test_metadata_is_set_shown_and_refused(call: Calls) -> None:
    call.chat("c", "x", "y")
    (shown,) = call.json("conversations", "metadata", "c", "n=[1]", "text=so it is", "--title", "T", "--tag", "a.b")
    assert {"title": "T", "tags": ["a.b"], "n": [1], "text": "so it is", "events": 2}.items() <= shown.items()
    call("conversations", "metadata", "c", "--untag", "a.b", "--unset", "n", "--title", "")
    (shown,) = call.json("conversations", "metadata", "c")
    assert (shown["title"], shown["tags"], "n" in shown) == ("", [], False)
    assert 'title = "T"' in call("conversations", "metadata", "c~1")
    assert "metadata: title" in call("diff", "c~1", "c")
    assert "(metadata)" in call("log", "c")
    assert "cannot be set" in call("conversations", "metadata", "c", "events=1", code=2)
    call("conversations", "metadata", "c", "novalue", code=2)
    call("conversations", "metadata", "c", "--unset", "nothing", code=3)
    call("conversations", "metadata", "nothing", "--tag", "x", code=3)


def test_several_forks_and_an_edit(call: Calls) -> None:
    call.chat("c", "one", "two", "three")
    assert [line["name"] for line in call.json("fork", "c", "d", "e", "--at", "1")] == ["d", "e"]
    call("fork", "c", "f", "d", code=4)
    call("show", "f", code=3)
    call("fork", "c", "g", "g", code=2)
    call("conversations", "edit", "c", "2", '"TWO"', "--as", "h", "--carry")
    assert [line["value"] for line in call.json("show", "h")][1] == "TWO"
    assert len(call.json("show", "h")) == 3
    (made,) = call.json("conversations", "edit", "c", "1", '"ONE"')
    assert made["events"] == 1
    call("conversations", "edit", "c", "4", "1", code=3)
    call("conversations", "edit", "c", "1", "{", code=2)


def test_a_fork_shares_the_beginning(call: Calls) -> None:
    call.chat("c", "one", "two", "three")
    call("fork", "c", "d", "--at", "2")
    call("conversations", "fork", "c", "e", "--at", "#1")
    assert (len(call.json("show", "d")), len(call.json("show", "e"))) == (2, 1)
    assert "exists. Choose another name" in call("fork", "c", "d", code=4)
    call("fork", "c", "f", "--at", "99", code=3)


def test_rewind_moves_chat_and_directory_and_undo_takes_it_back(call: Calls, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for text in ("one", "two"):
        (work / "f").write_text(text)
        call("conversations", "append", "c", f'"{text}"', "--create", "--snapshot", "work")
    call("rewind", "c", "#1", "--checkout", "work")
    assert (work / "f").read_text() == "one"
    assert len(call.json("show", "c")) == 1
    call("undo", "c")
    assert len(call.json("show", "c")) == 2
    (work / "f").write_text("unsaved")
    refused = call("rewind", "c", "#1", "--checkout", "work", code=4)
    assert "add --discard" in refused
    assert "=" not in refused
    call("rewind", "c", "#1", "--checkout", "work", "--discard")
    assert (work / "f").read_text() == "one"


def test_rewind_to_a_bare_number_says_how_it_is_written(call: Calls) -> None:
    call.chat("c", "one", "two", "three")
    assert "written '#2'" in call("rewind", "c", "2", code=3)
    assert "written" not in call("rewind", "c", "#9", code=3)
    assert len(call.json("show", "c")) == 3


def test_merge_appends_the_others_events_and_names_what_is_in_conflict(call: Calls) -> None:
    call.chat("c", "one")
    call("fork", "c", "d")
    call.chat("d", "two")
    call("settings", "set", "-c", "c", "k", "1")
    call("merge", "c", "d")
    assert [line["value"]["content"] for line in call.json("show", "c")] == ["one", "two"]
    call("settings", "set", "-c", "d", "k", "2")
    refused = call("merge", "c", "d", code=4)
    assert "settings:k" in refused
    assert "--prefer" in refused
    assert "--conflicts" in refused
    call("merge", "c", "d", "--prefer", "theirs")
    assert call("settings", "get", "-c", "c", "k") == "2\n"


def test_conflicts_are_shown_with_both_sides_and_settled_by_a_file(call: Calls, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    call.chat("c", "one")
    mine.write_text("ours\n")
    call("fork", "c", "d")
    call("files", "write", "-c", "c", "a.txt", str(mine))
    mine.write_text("theirs\n")
    call("files", "write", "-c", "d", "a.txt", str(mine))
    call("settings", "set", "-c", "c", "k", "1")
    call("settings", "set", "-c", "d", "k", "2")
    shown = call("merge", "c", "d", "--conflicts")
    assert "files:a.txt\n<<<<<<< c\nours\n" in shown
    assert ">>>>>>> d\nsettings:k\n2 conflicts; nothing was merged.\n" in shown
    first, second = call.json("merge", "c", "d", "--conflicts")
    assert (first["key"], first["has"]) == ("files:a.txt", {"base": False, "ours": True, "theirs": True})
    assert "======" in first["text"]
    assert second == {"key": "settings:k", "has": {"base": False, "ours": True, "theirs": True}, "text": None}
    mine.write_text("both\n")
    assert "HOW is" in call("merge", "c", "d", "--settle", "settings:k", "mine", code=2)
    assert "leave" in call("merge", "c", "d", "--conflicts", "--prefer", "ours", code=2)
    assert "no conflict" in call("merge", "c", "d", "--settle", "settings:q", "ours", code=2)
    assert "no such" in call("merge", "c", "d", "--settle", "files:a.txt", "@nothing", code=3).lower()
    call("merge", "c", "d", "--settle", "files:a.txt", f"@{mine}", "--settle", "settings:k", "theirs")
    assert call("files", "read", "-c", "c", "a.txt") == "both\n"
    assert call("settings", "get", "-c", "c", "k") == "2\n"
    assert call("merge", "c", "d", "--conflicts") == "No conflicts.\n"


def test_a_deleted_conversation_comes_back_by_the_command_that_is_named(call: Calls) -> None:
    call.chat("c", "one")
    text = call("conversations", "delete", "c").strip()
    call("show", "c", code=3)
    call(*text.partition("objstore ")[2].split())
    assert len(call.json("show", "c")) == 1


def test_follow_prints_what_is_there_after_a_number_of_events(call: Calls) -> None:
    call.chat("c", "one", "two")
    told = call.json("conversations", "follow", "c", "--after", "1", "--timeout", "0")
    assert [(line["event"], line["value"]["content"]) for line in told] == [(1, "two")]
    assert call("conversations", "follow", "c", "--timeout", "0.01") == ""
    call("conversations", "follow", "c", "--after", "3", code=3)
    call("conversations", "follow", "nothing", code=3)


def test_a_bundle_takes_conversations_to_another_store(call: Calls) -> None:
    call.chat("c", "one", "two")
    call("tag", "v1", "c#1")
    (made,) = call.json("conversations", "bundle", "x.bundle", "c")
    assert made["refs"] == ["conversations/c", "tags/v1"]
    assert "whole: " in call("conversations", "unbundle", "x.bundle", "--check")
    lines = call.json("conversations", "unbundle", "x.bundle")
    assert [line.get("outcome") for line in lines] == ["same", "same", None]
    call("conversations", "unbundle", "x.bundle", "--prefix", "copy/")
    assert [line["value"]["content"] for line in call.json("show", "copy/c")] == ["one", "two"]
    call("rewind", "c", "#1")
    call.chat("c", "other")
    assert "--on-diverged fork" in call("conversations", "unbundle", "x.bundle", code=4)
    call("conversations", "unbundle", "x.bundle", "--on-diverged", "fork")
    call("conversations", "bundle", "y.bundle", "c", "--since", "c~1")
    call("conversations", "bundle", "z.bundle", "nothing", code=3)
    Path("bad.bundle").write_bytes(Path("x.bundle").read_bytes()[:-1])
    assert "cut short" in call("conversations", "unbundle", "bad.bundle", code=5)


def test_a_conversation_is_exported_as_its_file_is_named(call: Calls) -> None:
    call.chat("c", "one <b>", "two")
    assert call.json("conversations", "export", "c#1", "-o", "x.html")[0]["form"] == "html"
    assert "one &lt;b&gt;" in Path("x.html").read_text()
    assert "two" not in Path("x.html").read_text()
    call("conversations", "export", "c", "-o", "x.md")
    assert Path("x.md").read_text().startswith("# c\n")
    assert call("conversations", "export", "c", "--form", "jsonl").count("\n") == 2
    assert call("conversations", "export", "c").startswith("<!doctype html>")
    call("conversations", "export", "nothing", "-o", "y.html", code=3)
    assert not Path("y.html").exists()


def test_long_outputs_are_folded_for_reading_and_whole_when_asked_for(call: Calls) -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    call("conversations", "append", "c", json.dumps({"role": "tool", "content": text}), "--create")
    call("conversations", "append", "c", json.dumps({"role": "user", "content": text}))
    shown = call("show", "c#1")
    assert "line 29" in shown
    assert "line 30" not in shown
    assert "… 70 more lines (--full shows them)" in shown
    assert "line 99" in call("show", "c#1", "--full")
    assert "line 99" in call("show", "c", "-n", "1")  # what people say is never folded


def test_conversations_that_may_go_are_listed_and_deleted_only_when_asked(call: Calls) -> None:
    for name in ("ci/1", "ci/2", "ci/3", "work"):
        call.chat(name, "x")
    words = ("conversations", "expire", "--prefix", "ci/", "--keep-last", "1")
    assert [line["name"] for line in call.json(*words)] == ["ci/2", "ci/1"]
    assert "2 may go" in call(*words)
    said = call(*words, "--apply")
    assert [line["name"] for line in call.json("conversations")] == ["ci/3", "work"]
    call(*said.strip().rpartition("objstore ")[2].split())
    assert len(call.json("conversations")) == 4
    Path("rules.toml").write_text('[[rule]]\nkeep_within = "1 day"\n[[rule]]\nprefix = "w"\nkeep_last = 0\n')
    assert [line["name"] for line in call.json("conversations", "expire", "--rules", "rules.toml")] == ["work"]
    call("conversations", "expire", code=2)
    call("conversations", "expire", "--rules", "rules.toml", "--keep-last", "1", code=2)
    call("conversations", "expire", "--keep-within", "soon", code=2)


def test_an_event_is_shown_first_and_redacted_when_told(call: Calls) -> None:
    call.chat("c", "one", "hunter2", "three")
    call("fork", "c", "d")
    shown = call("conversations", "redact", "c#2", "--reason", "a password")
    assert "hunter2" in shown
    assert "add --apply" in shown
    assert "hunter2" in call("show", "c")
    done = call.json("conversations", "redact", "c#2", "--reason", "a password", "--apply")
    assert (done[0]["event"], done[0]["reason"]) == (1, "a password")
    for name in ("c", "d"):
        text = call("show", name)
        assert "hunter2" not in text
        assert "#2 redacted" in text
        assert ": a password" in text
        assert [line["event"] for line in call.json("show", name)] == [0, 1, 2]
        assert call.json("show", name)[1]["value"]["redacted"]["reason"] == "a password"
    call("rewind", "d", "#2")
    assert "redacted" in call("log", "c")
    assert "The last is redacted" in call("undo", "d") + call("redo", "d")
    (listed,) = call.json("conversations", "redactions")
    assert listed == {key: done[0][key] for key in listed}
    assert "1 redaction." in call("conversations", "redactions")
    again = call("conversations", "redact", "c#2", "--reason", "x")
    assert "redacted" in again
    facts = call.json("fsck")[-1]
    assert (facts["damage"], facts["redacted"]) == (0, 1)
    number = next(line["operation"] for line in call.json("operations") if "redact" in str(line))
    assert "gone for good" in call("undo", "--operation", str(number), code=1)
    assert "redacted/" not in call("log", "--graph")


def test_what_is_no_event_is_not_redacted(call: Calls) -> None:
    call.chat("c", "one", "two")
    call("settings", "set", "-c", "c", "k", "1")
    for moment, code in (("c", 2), ("c#0", 2), ("c~1", 2), ("c#1:a.txt", 2), ("nothing#1", 3), ("c#9", 3)):
        call("conversations", "redact", moment, "--reason", "x", "--apply", code=code)
    assert "--reason" in call("conversations", "redact", "c#1", code=2)
    assert call("conversations", "redactions") == "Nothing was redacted.\n"
    call("conversations", "redact", "c#2", "--reason", "x", "--apply")  # a commit without an event came after it
    assert "redacted" in str(call.json("show", "c")[1])


def test_unbundle_says_what_it_could_erase(call: Calls) -> None:
    call.chat("c", "one", "two")
    call("conversations", "bundle", "before.bundle", "c")
    call("--store", "other", "init")
    call("--store", "other", "conversations", "unbundle", "before.bundle")
    call("conversations", "redact", "c#1", "--reason", "x", "--apply")
    call("conversations", "bundle", "after.bundle", "c")
    assert "offered" in call("--store", "other", "conversations", "unbundle", "after.bundle")
    assert "one" in call("--store", "other", "show", "c")
    call("--store", "other", "conversations", "unbundle", "after.bundle", "--redact")
    assert "one" not in call("--store", "other", "show", "c")


def test_the_beginning_is_squashed_when_told(call: Calls) -> None:
    call.chat("c", "one", "two", "three", "four")
    call("fork", "c", "d")
    call("fork", "c", "early", "--at", "#1")
    shown = call("conversations", "squash", "c", "--before", "#3")
    assert "2 events of c would go; event 3 would be the first" in shown
    assert "d would lose them too: add --with-forks" in shown
    assert "one" in call("show", "c")
    assert "d too, which would lose them" in call("conversations", "squash", "c", "--before", "#3", "--apply", code=4)
    (done,) = call.json("conversations", "squash", "c", "--before", "#3", "--with-forks", "--apply")
    assert (done["events"], done["shared"], done["applied"]) == (2, ["d"], True)
    call("gc")
    for name in ("c", "d"):
        assert [line["event"] for line in call.json("show", name)] == [2, 3]
        assert len(call.json("log", name)) == 2
    assert "one" in call("show", "early")
    assert "the first 2 events were squashed" in call("show", "c#1", code=3)
    assert "Nothing is before #3 in c." in call("conversations", "squash", "c", "--before", "#3")
    assert "squashed/" not in call("log", "--graph")
    facts = call.json("fsck")[-1]
    assert (facts["damage"], facts["squashed"]) == (0, 1)
