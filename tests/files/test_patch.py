"""Differences to read: unified diffs that `patch` applies, binaries, modes, renames."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.files.renames import MAX_PAIRS, find_renames
from objstore.files.text import MAX_TEXT, text_lines, unified
from objstore.files.workspace import Workspace
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import Change, Entry

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "d", "", "e f"]), max_size=15).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "\n".join([*lines, ""])])
)


@pytest.fixture
def files() -> Iterator[Workspace]:
    with objstore.open("memory:") as store:
        yield store.files.open("ws", create=True)


def applied(old: str, diff: list[str]) -> str:
    """What a unified diff makes of a text, by its own rules."""
    lines = text_lines(old.encode())
    assert lines is not None
    out: list[str] = []
    at, sign = 0, ""
    for line in diff[2:]:
        if line.startswith("@@"):
            span = line.split()[1][1:].split(",")
            start, count = int(span[0]), int(span[1]) if len(span) > 1 else 1
            begin = start - 1 if count else start
            out += lines[at:begin]
            at = begin
        elif line.startswith("\\"):
            out[-1:] = [out[-1].removesuffix("\n")] if sign != "-" else out[-1:]
        else:
            sign = line[0]
            if sign in " -":
                assert lines[at].removesuffix("\n") == line[1:]
                at += 1
            if sign in " +":
                out.append(f"{line[1:]}\n")
    return "".join(out + lines[at:])


@given(TEXTS, TEXTS, st.integers(0, 4))
def test_a_unified_diff_applied_to_the_old_text_is_the_new_one(old: str, new: str, context: int) -> None:
    before, after = text_lines(old.encode()), text_lines(new.encode())
    assert before is not None
    assert after is not None
    diff = list(unified(before, after, ("a", "b"), context))
    assert (diff == []) == (old == new)
    assert applied(old, diff) == new


@pytest.mark.skipif(shutil.which("patch") is None, reason="no patch here")
@settings(max_examples=20, deadline=None)
@given(old=TEXTS.filter(bool), new=TEXTS.filter(bool))
def test_the_patch_program_takes_our_diffs(tmp_path_factory: pytest.TempPathFactory, old: str, new: str) -> None:
    folder = tmp_path_factory.mktemp("patch")
    before, after = text_lines(old.encode()), text_lines(new.encode())
    assert before is not None
    assert after is not None
    diff = list(unified(before, after, ("a/f", "b/f"), 3))
    (folder / "f").write_text(old)
    if diff:
        text = "\n".join(diff) + "\n"
        subprocess.run(["patch", "-p1", "-s"], input=text, text=True, cwd=folder, check=True)
    assert (folder / "f").read_text() == new


def test_each_kind_of_difference_is_told(files: Workspace) -> None:
    with files.commit() as draft:
        draft.write("changed", b"one\ntwo\nthree\n")
        draft.write("deleted", b"gone\n")
        draft.write("mode", b"x")
        draft.write("binary", b"\0" * 5)
        draft.write("moved/as-is", b"content that stays\n" * 3)
        draft.write("moved/edited", b"".join(b"line %d\n" % number for number in range(20)))
    with files.commit() as draft:
        draft.write("changed", b"one\n2\nthree\n")
        draft.delete("deleted")
        draft.write("mode", b"x", mode=0o755)
        draft.write("binary", b"\0" * 7)
        draft.write("added", b"new")
        draft.move("moved/as-is", "elsewhere")
        draft.delete("moved/edited")
        draft.write("edited", b"".join(b"line %d\n" % number for number in range(1, 21)))
    found = {each.path: each for each in files.patch("~1", "~0")}
    assert {path: each.kind for path, each in found.items()} == {
        "added": "added",
        "binary": "changed",
        "changed": "changed",
        "deleted": "deleted",
        "edited": "renamed",
        "elsewhere": "renamed",
        "mode": "changed",
    }
    assert found["changed"].lines == [
        "--- a/changed",
        "+++ b/changed",
        "@@ -1,3 +1,3 @@",
        " one",
        "-two",
        "+2",
        " three",
    ]
    assert found["binary"].binary
    assert found["binary"].text == "changed: binary\nbinary: 5 bytes before, 7 bytes after\n"
    assert found["mode"].text == "changed: mode (mode 100644 to 100755)\n"
    assert found["elsewhere"].text == "renamed: moved/as-is to elsewhere (100% the same)\n"
    assert found["added"].lines == [
        "--- /dev/null",
        "+++ b/added",
        "@@ -0,0 +1 @@",
        "+new",
        "\\ No newline at end of file",
    ]
    assert (found["edited"].old_path, found["edited"].lines is not None) == ("moved/edited", True)
    assert 0.9 < (found["edited"].similarity or 0) < 1
    plain = {each.path: each.kind for each in files.patch("~1", "~0", renames=False)}
    assert (plain["moved/as-is"], plain["elsewhere"]) == ("deleted", "added")
    assert [each.path for each in files.patch("~1", "~0", path="moved/")] == ["edited", "elsewhere"]
    assert [each.path for each in files.patch("~1", "~0", path="mode")] == ["mode"]
    assert list(files.patch("~0", "~0")) == []


def test_what_is_no_text_has_no_lines() -> None:
    for data in (b"a\0b", b"\xff\xfe", b"a" * (MAX_TEXT + 1)):
        assert text_lines(data) is None
    assert text_lines(b"a\r\nb\x0bc\xe2\x80\xa8d") == ["a\r\n", "b\x0bc\u2028d"]


def entry(data: bytes, kept: dict[Oid, bytes]) -> Entry:
    obj = PLAIN_HASHER.object(Kind.BLOB, data)
    kept[obj.oid] = data
    return Entry(0o100644, obj.oid, len(data))


def test_of_equal_copies_the_one_of_the_same_name_is_the_source() -> None:
    kept: dict[Oid, bytes] = {}
    same = entry(b"same\n", kept)
    changes = [Change(b"a/x", same, None), Change(b"a/y", same, None), Change(b"b/y", None, same)]
    (rename,) = find_renames(changes, kept.__getitem__)
    assert (rename.gone.key, rename.came.key, rename.similarity) == (b"a/y", b"b/y", 1.0)


def test_beyond_the_budget_nothing_is_read() -> None:
    kept: dict[Oid, bytes] = {}
    side = int(MAX_PAIRS**0.5) + 2
    changes = [Change(b"a%d" % n, entry(b"old %6d\n" % n, kept), None) for n in range(side)]
    changes += [Change(b"b%d" % n, None, entry(b"new %6d\n" % n, kept)) for n in range(side)]

    def read(oid: Oid) -> bytes:
        raise AssertionError("it was read")

    assert find_renames(changes, read) == []


def test_empty_files_and_symlinks_are_no_renames() -> None:
    kept: dict[Oid, bytes] = {}
    empty = entry(b"", kept)
    link = entry(b"target", kept)._replace(mode=0o120000)
    changes = [Change(b"a", empty, None), Change(b"b", None, empty), Change(b"c", link, None), Change(b"d", None, link)]
    assert find_renames(changes, kept.__getitem__) == []
