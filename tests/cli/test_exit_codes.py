"""Bad input of every kind through the real command line: its exit code, its text, and a store that it left unchanged."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from objstore import errors
from objstore.cli.exit_codes import MEANINGS, code_of, codes
from tests.cli.calls import Calls
from tests.cli.programs import COMMAND, surroundings
from tests.cli.programs import call as run
from tests.test_errors import SAMPLES, made

WITHOUT = {"CannotBisect", "ObjstoreError", "NothingToUndo", "UnsafeKeyFolder"}


def contents(store: Path) -> dict[str, bytes]:
    """Every file of a store that means something."""
    return {
        path.relative_to(store).as_posix(): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def fill(call: Calls) -> None:
    """Make a conversation, files and settings."""
    call("conversations", "append", "c", "--create", stdin='{"n": 1}\n{"n": 2}\n')
    call("files", "write", "ws", "f", "--create", stdin=b"content")
    call("settings", "set", "user", "k", "1", "--create")


@pytest.fixture
def folder(call: Calls) -> Path:
    """A folder with a store of a conversation, files and settings."""
    fill(call)
    call.store.rename(call.folder / ".objstore")
    return call.folder


def test_every_error_has_a_code_of_the_table_and_all_but_few_their_own() -> None:
    assert set(codes()) - set(errors.__all__) == {"FileNotFoundError", "IndexError"}
    assert {code_of(made(name)) for name in SAMPLES} <= set(MEANINGS)
    without = {name for name in SAMPLES if code_of(made(name)) == 1}
    assert without <= WITHOUT, "give the new error a code in exit_codes.py, or list it here"
    assert code_of(FileNotFoundError("x")) == 3
    assert code_of(errors.AmbiguousId("3f", ())) == 2
    assert code_of(errors.NotAStore("x")) == 6, "its own code counts, not that of FileNotFoundError"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "nothing"), 3, "nothing"),
        (("show", "c#9"), 3, "there are 2 events"),
        (("show", "c~9"), 3, "commits before"),
        (("show", "c@{2001-01-01}"), 3, "was not there then"),
        (("show", "c@{nonsense}"), 2, "nonsense"),
        (("show", "c#x"), 2, "c#x"),
        (("show", "c#-1"), 2, "c#-1"),
        (("show", "dead"), 3, "dead"),
        (("show", "c:nothing"), 3, "no file 'nothing'"),
        (("show", "tags/v1"), 3, "tags/v1"),
        (("rewind", "c", "#9"), 3, "there are 2 events"),
        (("rewind", "nothing", "#1"), 3, "conversations list"),
        (("conversations", "append", "a..b", "1", "--create"), 2, "a..b"),
        (("conversations", "append", "../c", "1", "--create"), 2, "../c"),
        (("conversations", "append", "", "1", "--create"), 2, "empty"),
        (("conversations", "append", "a\x01b", "1", "--create"), 2, "control"),
        (("conversations", "append", "new", '{"n": NaN}', "--create"), 2, "NaN"),
        (("conversations", "append", "new", '{"n": 1e999}', "--create"), 2, "n"),
        (("conversations", "append", "new", "{", "--create"), 2, "not JSON"),
        (("conversations", "append", "new", "[" * 1100 + "]" * 1100, "--create"), 2, "nested"),
        (("conversations", "append", "new", "1", "--snapshot", "nowhere", "--create"), 2, "nowhere"),
        (("conversations", "append", "new", "1", "--create", "--expected-head", "c"), 2, "--expected-head"),
        (("conversations", "append", "c", "1", "--expected-head", "nothing"), 3, "nothing"),
        (("conversations", "append", "c", "1", "--expected-head", "c~1"), 4, "c moved"),
        (("fork", "c", "c"), 4, "exists"),
        (("fork", "c", "a//b"), 2, "a//b"),
        (("files", "write", "new", "../f", "--create"), 2, "../f"),
        (("files", "write", "new", "/f", "--create"), 2, "absolute"),
        (("files", "write", "new", ".git/config", "--create"), 2, ".git"),
        (("files", "write", "new", "f", "missing-source", "--create"), 2, "missing-source"),
        (("files", "read", "nothing", "f"), 3, "files list"),
        (("files", "read", "ws", "nothing"), 3, "nothing"),
        (("files", "snapshot", "ws", "nowhere"), 2, "nowhere"),
        (("settings", "set", "new", "a b", "1", "--create"), 2, "a b"),
        (("settings", "set", "new", "k", '{"a": 1, "a": 2}', "--create"), 2, "twice"),
        (("settings", "get", "user", "nothing"), 3, "nothing"),
        (("redo", "c"), 1, "nothing to redo"),
        (("undo", "--operation", "999999"), 3, "objstore operations"),
        (("tag", "v 1~", "c"), 2, "v 1~"),
        (("tag", "--delete", "v1"), 3, "v1"),
        (("merge", "c", "nothing"), 3, "nothing"),
        (("import", "f.bin"), 2, "f.bin"),
    ],
)
def test_refused_input_changes_nothing(call: Calls, words: tuple[str, ...], code: int, said: str) -> None:
    fill(call)
    (call.folder / "f.bin").write_bytes(b"\x00\x01")
    before = call("operations", "--json")
    assert said in call(*words, code=code)
    assert call("operations", "--json") == before


def test_an_id_that_fits_several_objects_is_refused_with_the_candidates(folder: Path) -> None:
    run(folder, "conversations", "append", "many", "--create", input=b"1\n" * 9000)
    ids = [line.split('"')[3] for line in run(folder, "log", "many", "--json").out.splitlines()]
    prefixes = [one[:4] for one in ids]
    twice = next(prefix for prefix in prefixes if prefixes.count(prefix) > 1)
    ended = run(folder, "show", twice, code=2)
    assert "is ambiguous. Give more digits: " in ended.err
    assert all(one[:16] in ended.err for one in ids if one.startswith(twice))


def test_where_there_is_no_store_the_next_command_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, "log", code=6)
    assert ended.err == f"objstore: no store here or above {tmp_path}. Run: objstore init (or set OBJSTORE)\n"
    assert "objstore demo" in run(tmp_path, code=6).err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "in the way" in run(tmp_path, "--store", ".", "init", code=4).err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "text", ["objstore store\nformat 2\n", "objstore store\nformat 99999\nid 00\n", "git\n", "", "\x00"]
)
def test_a_store_of_an_unknown_format_is_refused_and_left_alone(folder: Path, text: str) -> None:
    (folder / ".objstore" / "format").write_text(text)
    before = contents(folder / ".objstore")
    ended = run(folder, "conversations", "append", "c", "1", code=6)
    assert "format" in ended.err
    assert contents(folder / ".objstore") == before


def test_a_store_that_another_process_writes_to_for_long_is_locked_and_can_be_read(folder: Path) -> None:
    with (folder / ".objstore" / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        words = ("conversations", "append", "c", "1")
        ended = run(folder, *words, code=6, env={"OBJSTORE_LOCK_TIMEOUT": "0.1"})
        assert "is locked" in ended.err
        assert "Try again" in ended.err
        assert run(folder, "show", "c", "--json").out.count("\n") == 2
    run(folder, *words)
    assert "seconds" in run(folder, *words, code=2, env={"OBJSTORE_LOCK_TIMEOUT": "soon"}).err


def test_a_read_only_folder_can_be_read_but_not_written(folder: Path) -> None:
    store = folder / ".objstore"
    if os.geteuid() == 0:
        if subprocess.run(["mount", "--bind", store, store], capture_output=True, check=False).returncode:
            pytest.skip("root may write anywhere, and cannot mount here")
        subprocess.run(["mount", "-o", "remount,bind,ro", store], check=True)
    else:
        _set_modes(store, 0o500)
    try:
        assert run(folder, "show", "c", "--json").out.count("\n") == 2
        assert "read-only" in run(folder, "conversations", "append", "c", "1", code=6).err
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", store], check=True)
        else:
            _set_modes(store, 0o700)
    assert run(folder, "show", "c", "--json").out.count("\n") == 2


def _set_modes(folder: Path, mode: int) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(mode if path.is_dir() else mode & 0o600)


@pytest.mark.root
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, check=False
    ).returncode:
        pytest.skip("cannot mount a file system here")
    try:
        run(place, "init")
        run(place, "conversations", "append", "c", "1", "--create")
        noise = b"\n".join(b'"%s"' % os.urandom(50_000).hex().encode() for _ in range(40))
        ended = run(place, "conversations", "append", "c", code=6, input=noise)
        assert "no space left" in ended.err
        assert "nothing was lost" in ended.err
        assert run(place, "show", "c", "--json").out.count("\n") == 1
        assert "sound" in run(place, "doctor").out
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_journal_that_was_cut_off_is_damage_that_is_told(folder: Path) -> None:
    (journal,) = (folder / ".objstore").glob("journal-*.sqlite")
    whole = journal.read_bytes()
    for size in (len(whole) // 2, 100, 0):
        journal.write_bytes(whole[:size])
        for words in (("show", "c"), ("conversations",), ("doctor",), ("conversations", "append", "c", "3")):
            ended = _any(folder, *words)
            assert ended.returncode != 0 or words[-1] != "c", (size, words, ended.stdout)
            assert b"Traceback" not in ended.stderr
            assert b"fault of objstore's own" not in ended.stderr, ended.stderr


def test_a_pack_that_was_cut_off_is_damage_that_is_told(folder: Path) -> None:
    run(folder, "repack")
    packs = folder / ".objstore" / "packs"
    pack = max((path for path in packs.iterdir() if path.suffix != ".idx"), key=lambda path: path.stat().st_size)
    whole = pack.read_bytes()
    for size in (len(whole) // 2, 40, 0):
        pack.write_bytes(whole[:size])
        ended = _any(folder, "show", "c")
        assert ended.returncode in (5, 6), ended
        assert ended.stderr.startswith(b"objstore: ")
        assert b"fault of objstore's own" not in ended.stderr, ended.stderr
        assert _any(folder, "doctor").returncode in (5, 6)
    pack.write_bytes(whole)
    assert "sound" in run(folder, "doctor").out


def _any(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """A call that may end in any way but a traceback."""
    command = [*COMMAND, *words]
    done = subprocess.run(command, cwd=folder, env=surroundings(), capture_output=True, check=False, timeout=60)
    assert b"Traceback" not in done.stderr, done.stderr
    return done


def test_a_flipped_bit_names_the_event_that_it_hit(folder: Path) -> None:
    run(folder, "conversations", "append", "c", '{"text": "xq-needle-zz"}')
    copy = folder / "copy"
    shutil.copytree(folder / ".objstore", copy)
    (journal,) = copy.glob("journal-*.sqlite")
    data = bytearray(journal.read_bytes())
    data[data.index(b"xq-needle-zz")] ^= 1
    journal.write_bytes(data)
    assert "c#3" in run(folder, "doctor", "--store", "copy", code=5).out
    assert "damaged" in run(folder, "show", "c", "--store", "copy", code=5).err
    run(folder, "show", "c#2", "--store", "copy")
