"""Executes a page: its commands in a shell and its Python in one namespace, all in one fresh folder, in order.

`python -m tests.docs.runner PAGE…` writes the output of commands into pages, where a single `?` stands for it.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from objstore.importers import SAMPLES
from tests.docs.blocks import Block, Call, blocks, calls
from tests.docs.compare import differs
from tests.docs.model_server import model

ROOT = Path(__file__).parents[2]
PROGRAMS = {"objstore": "objstore.cli.main", "claude": "tests.docs.claude_program"}
UNKNOWN = "?"
_FAILS = ("objstore: ", "Error: ")
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


class Wrong(AssertionError):
    """A page says what is not so."""


def run_page(page: Path, folder: Path) -> int:
    """Execute a page in an empty folder; how many blocks were. Wrong: with the line and what differs."""
    runner, count = _run(page, folder)
    if runner.learnt:
        raise Wrong(
            f"{page}, line {min(runner.learnt)}: the output is still to be filled in: python -m tests.docs.runner {page}"
        )
    return count


def fill_in(page: Path, folder: Path) -> None:
    """Execute a page and write the output of its commands where a single "?" stands for it."""
    runner, _ = _run(page, folder)
    lines = page.read_text(encoding="utf-8").split("\n")
    for number in sorted(runner.learnt, reverse=True):
        indent = lines[number - 1].partition("?")[0]
        lines[number - 1 : number] = [f"{indent}{line}".rstrip() for line in runner.learnt[number]]
    page.write_text("\n".join(lines), encoding="utf-8")


def _run(page: Path, folder: Path) -> tuple[_Runner, int]:
    runner = _Runner(page, folder)
    runnable = [block for block in blocks(page) if block.runs]
    asks_a_model = any("openhands.sdk" in block.needs for block in runnable)
    with contextlib.ExitStack() as around:
        if asks_a_model:
            runner.environment |= around.enter_context(model())
        around.enter_context(contextlib.chdir(runner.work))
        around.enter_context(_environment(runner.environment))
        for block in runnable:
            runner.run(block)
    return runner, len(runnable)


@contextlib.contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    """This process's environment as the page's, for its Python."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Runner:
    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.work = folder / "work"
        self.work.mkdir()
        self.state = folder / "state"
        self.learnt: dict[int, list[str]] = {}  # Output by the number of the line where a "?" stands for it.
        self.names: dict[str, object] = {"__name__": "__main__"}
        programs = folder / "bin"
        programs.mkdir()
        for name, module in PROGRAMS.items():
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
            program.chmod(0o755)
        path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "SAMPLES": str(SAMPLES),
            "HISTORIES": str(ROOT / "tests" / "importers" / "data"),
            "OBJSTORE_AUTHOR": "ada",
            "COLUMNS": "120",
        }

    def run(self, block: Block) -> None:
        for command in block.first:
            self._call(Call(command, block.line, None))
        if block.language == "console":
            for call in calls(block):
                self._call(call)
        elif block.language == "python":
            self._python(block)
        else:
            self._doctest(block)

    def _call(self, call: Call) -> None:
        """Run a command; the working directory and exported names stay for the next one."""
        keep = (
            f'__code=$?; {{ export -p; echo cd "$(printf %q "$PWD")"; }} >{shlex.quote(str(self.state))}; exit $__code'
        )
        before = f". {shlex.quote(str(self.state))}\n" if self.state.exists() else ""
        done = subprocess.run(
            ["bash", "-c", f"{before}{call.command}\n{keep}"],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=120,
            check=False,
        )
        shown = call.shown or []
        lines = done.stdout.rstrip("\n").split("\n")
        if shown == [UNKNOWN]:
            self.learnt[call.line + call.command.count("\n") + 1] = lines
            return
        fails = any(line.startswith(_FAILS) for line in shown)
        if fails != bool(done.returncode):
            self._wrong(call.line, f"$ {call.command}\n{done.stdout}\nexit code {done.returncode}")
        if call.shown is not None and (difference := differs(shown, lines)):
            self._wrong(call.line, f"$ {call.command}\n{difference}")

    def _python(self, block: Block) -> None:
        output = io.StringIO()
        try:
            code = compile("\n" * block.line + block.text, str(self.page), "exec", dont_inherit=True)
            with contextlib.redirect_stdout(output):
                exec(code, self.names)
        except Exception as error:
            raise Wrong(f"{self.page}, line {block.line}: {type(error).__name__}: {error}") from error
        if block.prints is not None and (difference := differs(block.prints, output.getvalue().split("\n"))):
            self._wrong(block.line, difference)

    def _doctest(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.text, self.names, self.page.name, str(self.page), block.line)
        test.globs = self.names  # The parser copies it; the page's names are shared.
        output = io.StringIO()
        failed, _ = doctest.DocTestRunner(optionflags=_OPTIONS).run(test, out=output.write, clear_globs=False)
        if failed:
            self._wrong(block.line, output.getvalue())

    def _wrong(self, line: int, what: str) -> None:
        raise Wrong(f"{self.page}, line {line}:\n{what}")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory(prefix="page-") as temporary:
            fill_in(Path(name).resolve(), Path(temporary))
