"""`objstore files …`."""

from __future__ import annotations

import base64
import stat

import pytest

import objstore
from tests.cli.calls import Calls

ON = (("ws",), ("--conversation", "c"))


@pytest.mark.parametrize("on", ON)
def test_a_file_is_written_read_listed_and_deleted(call: Calls, on: tuple[str, ...]) -> None:
    call("files", "write", *on, "a/b.txt", "--create", "--mode", "755", stdin="hello\n")
    assert call("files", "read", *on, "a/b.txt") == "hello\n"
    (info,) = call.json("files", "list", *on)
    assert (info["path"], info["mode"], info["size"]) == ("a/b.txt", "100755", 6)
    assert call.json("files", "list", *on, "x") == []
    call("files", "delete", *on, "a/b.txt")
    assert "no file 'a/b.txt'" in call("files", "read", *on, "a/b.txt", code=3)
    assert call("files", "read", *on, "a/b.txt", "--at", "~1") == "hello\n"


def test_a_file_is_written_from_a_file(call: Calls) -> None:
    (call.folder / "source").write_bytes(b"\xff\x00")
    call("files", "write", "ws", "bin", "source", "--create")
    (value,) = call.json("files", "read", "ws", "bin")
    assert base64.b64decode(value["base64"]) == b"\xff\x00"
    assert "text" not in value


def test_the_option_may_stand_anywhere_and_the_name_goes(call: Calls) -> None:
    call("files", "write", "f", "-c", "c", "--create", stdin="x")
    assert call("files", "read", "f", "--conversation=c") == "x"
    assert "MISSING" not in call("files", "read", "f", code=2)
    assert "unexpected extra argument" in call("files", "read", "ws", "f", "-c", "c", code=2)


def test_names_are_listed_where_none_is_given(call: Calls) -> None:
    call("files", "write", "ws", "f", "--create", stdin="x")
    assert [(line["name"], line["files"]) for line in call.json("files")] == [("ws", 1)]
    assert "ws" in call("files", "list")


def test_what_is_not_there_says_where_to_look(call: Calls) -> None:
    assert "See: objstore files list (or add --create)" in call("files", "write", "ws", "f", code=3, stdin="x")
    assert call("files", "read", "ws", "f", code=3).strip().endswith("See: objstore files list")
    call("files", "write", "ws", "../f", "--create", code=2, stdin="x")
    assert call.json("files") == []
    assert "octal" in call("files", "write", "ws", "f", "--mode", "9", code=2, stdin="x")


@pytest.mark.parametrize("on", ON)
def test_a_directory_is_snapshot_and_checked_out(call: Calls, on: tuple[str, ...]) -> None:
    work = call.folder / "work"
    work.mkdir()
    (work / "f").write_text("one")
    (first,) = call.json("files", "snapshot", *on, "work", "--create")
    assert (first["entries"], first["added"], first["problems"]) == (1, 1, [])
    (work / "f").write_text("two!")
    assert "1 changed" in call("files", "snapshot", *on, "work", "-m", "second")
    call("files", "checkout", *on, "out")
    assert (call.folder / "out" / "f").read_text() == "two!"
    (call.folder / "out" / "f").write_text("unsaved")
    assert "add --discard" in call("files", "checkout", *on, "out", "--at", "~1", code=4)
    call("files", "checkout", *on, "out", "--at", "~1", "--discard")
    assert (call.folder / "out" / "f").read_text() == "one"


def test_what_a_snapshot_cannot_take_is_named_and_the_rest_is_kept(call: Calls) -> None:
    work = call.folder / "work"
    work.mkdir()
    (work / "f").write_text("kept")
    (work / "con").write_text("a device on Windows")
    text = call("files", "snapshot", "ws", "work", "--create", code=1)
    assert "con: " in text
    assert call("files", "read", "ws", "f") == "kept"
    text = call("conversations", "append", "c", "1", "--create", "--snapshot", "work", code=1)
    assert "con: " in text
    assert len(call.json("show", "c")) == 1


def test_several_files_are_deleted_together_or_not_at_all(call: Calls) -> None:
    for name in ("a", "b"):
        call("files", "write", "ws", name, "--create", stdin="x")
    call("files", "delete", "ws", "a", "nothing", code=3)
    assert len(call.json("files", "list", "ws")) == 2
    call("files", "delete", "ws", "a", "b")
    assert call.json("files", "list", "ws") == []


def test_a_moments_files_can_be_shown_by_path(call: Calls) -> None:
    call("files", "write", "-c", "c", "src/a", "--create", stdin="a")
    call("files", "write", "-c", "c", "b", stdin="b")
    assert call("show", "c:src/a") == "a"
    assert [line["path"] for line in call.json("show", "c:src/")] == ["src/a"]
    assert [line["path"] for line in call.json("show", "c:")] == ["b", "src/a"]
    assert stat.filemode(stat.S_IFREG | 0o644) in call("show", "c")
    call("show", "c:nothing", code=3)


def test_files_are_appended_to_moved_copied_and_exported(call: Calls) -> None:
    call("files", "append", "ws", "log", "--create", "--mode", "600", stdin="one\n")
    assert "4 bytes more" in call("files", "append", "ws", "log", stdin="two\n")
    call("files", "copy", "ws", "log", "logs/a")
    call("files", "move", "ws", "logs", "old/logs", "-m", "away")
    assert "'log' is there" in call("files", "move", "ws", "old", "log", code=4)
    assert "add --overwrite" in call("files", "copy", "ws", "old/logs/a", "log", code=4)
    call("files", "copy", "ws", "old/logs/a", "log", "--overwrite")
    assert [line["path"] for line in call.json("files", "list", "ws")] == ["log", "old/logs/a"]
    (said,) = call.json("files", "export", "ws", "old/logs/a", "out.txt")
    assert said["bytes"] == 8
    out = call.folder / "out.txt"
    assert (out.read_text(), stat.S_IMODE(out.stat().st_mode)) == ("one\ntwo\n", 0o600)
    call("files", "delete", "ws", "old", code=3)
    call("files", "delete", "ws", "-r", "old")
    assert [line["path"] for line in call.json("files", "list", "ws")] == ["log"]


def test_a_folder_is_listed_alone_and_files_by_pattern(call: Calls) -> None:
    for path in ("a.py", "src/b.py", "src/deep/c.py", "src/d.txt"):
        call("files", "write", "ws", path, "--create", stdin="x")
    assert [line["path"] for line in call.json("files", "list", "ws", "--level")] == ["a.py", "src"]
    assert "src/deep/" in call("files", "list", "ws", "src", "--level")
    listed = call.json("files", "list", "ws", "--glob", "src/**/*.py")
    assert [line["path"] for line in listed] == ["src/b.py", "src/deep/c.py"]
    assert "a [ without its ]" in call("files", "list", "ws", "--glob", "[", code=2)
    call("files", "list", "ws", "src", "--glob", "*", code=2)
    call("files", "list", "ws", "nothing", "--level", code=3)


def test_blame_and_diff_tell_who_wrote_what(call: Calls) -> None:
    call("files", "write", "-c", "c", "f", "--create", stdin="one\n")
    call.chat("c", "a message")
    call("files", "append", "-c", "c", "f", stdin="two\n")
    call("files", "move", "-c", "c", "f", "g/f")
    told = call.json("blame", "c:g/f")
    assert [(line["line"], line["text"], line["path"], line["commit"]["events"]) for line in told] == [
        (1, "one", "f", 0),
        (2, "two", "f", 1),
    ]
    assert "ada" in call("blame", "c~1:f")
    assert "named as MOMENT:PATH" in call("blame", "c", code=2)
    call("blame", "c:nothing", code=3)
    assert "renamed: f to g/f (100% the same)" in call("diff", "c~1", "c")
    (change,) = call.json("diff", "c~1", "c")
    assert (change["file"], change["kind"], change["old_file"]) == ("g/f", "renamed", "f")
    assert "+two" in call("diff", "c~2", "c~1")


def test_a_checkout_is_tried_first_and_may_clean(call: Calls) -> None:
    for path in ("keep", "later"):
        call("files", "write", "ws", path, "--create", stdin=path)
    call("files", "checkout", "ws", "out")
    out = call.folder / "out"
    (out / "mine").write_text("untracked")
    call("files", "delete", "ws", "later")
    call("files", "write", "ws", "new", stdin="new")
    (plan,) = call.json("files", "checkout", "ws", "out", "--clean", "--dry-run")
    assert (plan["wrote"], plan["dropped"], plan["kept"]) == (["new"], ["later", "mine"], 1)
    assert "would remove mine" in call("files", "checkout", "ws", "out", "--clean", "--dry-run")
    assert sorted(file.name for file in out.iterdir()) == ["keep", "later", "mine"]
    assert "1 written" in call("files", "checkout", "ws", "out")
    assert sorted(file.name for file in out.iterdir()) == ["keep", "mine", "new"]
    call("files", "checkout", "ws", "out", "--clean")
    assert sorted(file.name for file in out.iterdir()) == ["keep", "new"]


def test_a_command_runs_under_a_lock(call: Calls) -> None:
    call("files", "write", "ws", "f", "--create", stdin="x")
    with objstore.open(call.store) as store, store.files.open("ws").lock("build", owner="worker-7") as lock:
        assert "worker-7 has the lock 'build'" in call("files", "lock", "ws", "build", "true", code=4)
        (info,) = call.json("files", "locks", "ws")
        assert (info["name"], info["owner"], info["token"]) == ("build", "worker-7", lock.token)
        call("files", "lock", "ws", "other", "--", "sh", "-c", "exit 7", code=7)
        assert "worker-7 had it" in call("files", "unlock", "ws", "build")
        assert not lock.held
        lock.acquire()
    call("files", "lock", "ws", "build", "--owner", "ada", "--ttl", "5", "touch", "made")
    assert (call.folder / "made").exists()
    assert call.json("files", "locks", "ws") == []
    call("files", "unlock", "ws", "build", code=3)
    assert "locks/" not in call("log")
