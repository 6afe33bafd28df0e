"""The entry point as a process: starting, closed outputs, interruptions, odd bytes and encodings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from objstore.version import __version__
from tests.cli.programs import COMMAND, call, surroundings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store in which one conversation of 3,000 events is."""
    made = tmp_path_factory.mktemp("main")
    call(made, "init")
    lines = b'{"role": "user", "content": "\xe2\x9c\x93 x"}\n' * 3000
    call(made, "conversations", "append", "c", "--create", input=lines)
    return made


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_printed(tmp_path: Path, word: str) -> None:
    assert call(tmp_path, word).out == f"objstore {__version__}\n"


def test_the_version_needs_none_of_the_libraries() -> None:
    program = (
        "import sys; sys.argv = ['objstore', '--version']\n"
        "from objstore.cli.main import main; main()\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", program], env=surroundings(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.split()) <= {"__main__", "objstore"}


def test_help_loads_no_storage(tmp_path: Path) -> None:
    program = (
        "import sys; from objstore.cli.commands import run; run(['--help'])\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=surroundings(), capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert "objstore.cli.files" in loaded
    assert not loaded & {"objstore.store", "blake3", "msgpack", "zstandard", "rich", "sqlite3", "asyncio"}


def test_a_reader_that_goes_away_is_no_traceback(folder: Path) -> None:
    child = subprocess.Popen(
        [*COMMAND, "show", "c"], cwd=folder, env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stderr is not None
    assert child.stdout.readline() == b"#1 user\n"
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(60) == 1


def test_a_full_output_is_an_error_without_a_traceback(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        assert "No space left" in call(folder, "show", "c", code=1, stdout=full).err


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2), (0, 1, 2)])
def test_closed_outputs_are_no_error(folder: Path, closed: tuple[int, ...]) -> None:
    close = " ".join({0: "<&-", 1: ">&-", 2: "2>&-"}[number] for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {close}', "sh", *COMMAND, "log", "c", "-n", "3"],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_input_is_wrong_usage(folder: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, "conversations", "append", "c"],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"pipe events in" in done.stderr


def test_an_interruption_ends_with_130_and_changes_nothing(folder: Path) -> None:
    child = subprocess.Popen(
        [*COMMAND, "conversations", "append", "c"],
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    child.stdin.write(b'{"n": 1}\n')
    child.stdin.flush()
    _wait_until_it_reads(child.pid)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in err
    assert call(folder, "conversations").out.split()[1] == "3000"


def _wait_until_it_reads(pid: int) -> None:
    """Wait until a process sleeps in a read of its standard input."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        words = Path(f"/proc/{pid}/syscall").read_text().split()
        if words[:2] == ["0", "0x0"]:  # x86-64: read of descriptor 0
            return
        if words[0] == "63" and words[1] == "0x0":  # arm64
            return
        time.sleep(0.01)
    pytest.skip("this machine does not say which system call a process waits in")


def test_an_interruption_while_the_commands_are_loaded_ends_with_130() -> None:
    program = (
        "import sys, objstore.cli.main as main\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'objstore.cli.commands': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts()); sys.argv = ['objstore', 'stats']; main.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], env=surroundings(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


@pytest.mark.parametrize(
    "words",
    [
        ("show", b"\xff\xfe"),
        ("conversations", "append", b"\xff", "1", "--create"),
        ("conversations", "append", "c", b'"\xff"'),
        ("conversations", "append", "c", "1", "-m", b"\xff"),
        ("settings", "set", "user", "k", b"\xff", "--create"),
        ("files", "write", "ws", b"\xff", "--create"),
        ("tag", b"\xff", "c"),
        ("fork", "c", b"\xff"),
    ],
)
def test_an_argument_that_is_no_utf_8_is_refused_and_changes_nothing(
    folder: Path, words: tuple[str | bytes, ...]
) -> None:
    before = call(folder, "operations").out
    assert "UTF-8" in call(folder, *words, code=2).err
    assert call(folder, "operations").out == before


def test_paths_of_the_machine_may_be_any_bytes(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(odd)
    Path(os.fsdecode(odd + b"/chat.jsonl")).write_text('{"role": "user", "content": "x"}\n')
    call(tmp_path, "--store", odd + b"/store", "init")
    call(tmp_path, "--store", odd + b"/store", "import", odd + b"/chat.jsonl")
    assert "\\udcff" in call(tmp_path, "--store", odd + b"/store").out
    call(tmp_path, "files", "snapshot", "ws", odd, "--create", "--store", odd + b"/store")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "cp1252"])
def test_text_that_the_output_cannot_show_is_escaped(folder: Path, encoding: str) -> None:
    ended = call(folder, "show", "c#1", env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert ("✓ x" if encoding == "utf-8" else "\\u2713 x") in ended.out


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "nonsense"])
def test_any_locale_will_do(folder: Path, locale: str) -> None:
    call(folder, "show", "c#1", env={"LC_ALL": locale, "PYTHONUTF8": None})


def test_lone_surrogates_are_shown_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").write_text('{"role": "user", "content": "\\ud83d"}\n{"role": "user", "content": "x"}\n')
    call(tmp_path, "init")
    call(tmp_path, "import", "odd.jsonl")
    assert "\\ud83d" in call(tmp_path, "show", "odd").out
    assert "\\ud83d" in call(tmp_path, "log", "odd").out


def test_a_fault_of_our_own_is_a_line_and_with_debugging_a_traceback(folder: Path) -> None:
    program = (
        "import sys, objstore.cli.history as history\n"
        "def bad(*words): raise ZeroDivisionError('oh')\n"
        "history._heads = bad\n"
        "from objstore.cli.commands import run; sys.exit(run(['log']))"
    )
    command = [sys.executable, "-c", program]
    plain = subprocess.run(command, cwd=folder, env=surroundings(), capture_output=True, text=True, check=False)
    assert plain.returncode == 1
    assert plain.stderr.startswith("objstore: a fault of objstore's own: ZeroDivisionError('oh')")
    env = surroundings({"OBJSTORE_DEBUG": "1"})
    told = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" in told.stderr
