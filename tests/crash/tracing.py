"""Talking to the server, and running a command of it under strace with a fault injected at a chosen system call."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.crash.commands import State, prepare, state_after_crash

MUTATING = (
    *("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "fsync", "fdatasync", "sync_file_range"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat", "openat"),
)


class Server:
    """The warm process of server.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert self.reply() == {"ready": True}

    def ask(self, **request: Any) -> int:
        """Send a request; the pid of the child that serves it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request, default=str).encode() + b"\n")
        self._process.stdin.flush()
        return self.reply()["pid"]

    def reply(self) -> dict[str, Any]:
        """The next line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server is gone"
        return json.loads(line)

    def replies(self) -> dict[str, Any]:
        """What the child says until it is gone, the later of equal keys."""
        said: dict[str, Any] = {}
        while "ended" not in said:
            said |= self.reply()
        return said

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


class Call(NamedTuple):
    """A system call to be hit: its name, and the how-manieth of that name in the process."""

    name: str
    number: int


class Outcome(NamedTuple):
    """What the child said, and what strace wrote."""

    said: dict[str, Any]
    trace: str


def run_traced(server: Server, name: str, folder: Path, *options: str) -> Outcome:
    """Run a command on `folder/store` with strace attached from its first step."""
    pid = server.ask(run="command", name=name, store=folder / "store", work=folder / "work", hold=True)
    trace = folder / "trace"
    command = ["strace", "-f", "-o", str(trace), "-p", str(pid), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        greeting = tracer.stderr.readline()
        attached = "attached" in greeting
        os.kill(pid, signal.SIGUSR1 if attached else signal.SIGKILL)
        said = server.replies()
        rest = tracer.stderr.read()
    assert attached, greeting + rest
    return Outcome(said, trace.read_text())


@cache
def obstacle() -> str | None:
    """Why strace cannot be used here, or None."""
    if shutil.which("strace") is None:
        return "there is no strace"
    with subprocess.Popen(["sleep", "30"]) as victim:
        command = ["strace", "-o", os.devnull, "-p", str(victim.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            greeting = tracer.stderr.readline()
            victim.kill()
            tracer.stderr.read()
    return None if "attached" in greeting else f"strace cannot attach: {greeting.strip()}"


def mutating_calls(trace: str, pid: int) -> list[Call]:
    """Every call of one process in a trace that changes something, in order; the replies on the pipe are left out."""
    seen: Counter[str] = Counter()
    calls = []
    for line in trace.splitlines():
        match = re.match(r"(\d+) +(\w+)\((.*)", line)
        if match is None or int(match[1]) != pid:
            continue
        name, arguments = match[2], match[3]
        seen[name] += 1
        if (name != "openat" or "O_CREAT" in arguments) and not (name == "write" and arguments.startswith("1, ")):
            calls.append(Call(name, seen[name]))
    return calls


class Experiment:
    """A command, the store before it, and the states before and after it."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        self._server = server
        self._name = name
        self._folder = folder
        self._template = folder / "template"
        prepare(self._template)
        if name == "create":
            shutil.rmtree(self._template / "store")
        dry = self._copy("dry")
        said, trace = run_traced(server, name, dry, "-e", "trace=" + ",".join(f"?{call}" for call in MUTATING))
        assert said.get("acknowledged"), said
        self.calls = mutating_calls(trace, int(trace.split(maxsplit=1)[0]))
        self.after = state_after_crash(dry / "store")
        self.before = state_after_crash(self._copy("before") / "store")

    def kill_at(self, call: Call) -> None:
        """Kill the process as it enters a call, and look at what is left."""
        said, found = self._inject(call, "signal=KILL")
        assert said["ended"] == -signal.SIGKILL, f"{call} was not reached: {said}"
        assert found == self.after or (not said.get("acknowledged") and found == self.before), said

    def fail_at(self, call: Call, error: str) -> None:
        """Let a call fail; the command fails as it promises to or has no need of that call."""
        said, found = self._inject(call, f"error={error}")
        assert said["ended"] == 0, said
        if said.get("acknowledged"):
            assert found == self.after
            return
        assert said["ours"], said
        assert said["appended"], said
        assert found.pop("conversations/again", ([{"again": True}],))[0] == [{"again": True}]
        assert found == self.before or (said["error"] != "StoreFull" and found == self.after), said

    def _inject(self, call: Call, fault: str) -> tuple[dict[str, Any], State]:
        folder = self._copy("hit")
        said, trace = run_traced(
            *(self._server, self._name, folder),
            *("-e", f"trace={call.name}", "-e", f"inject={call.name}:{fault}:when={call.number}"),
        )
        assert "(INJECTED)" in trace or "killed by SIGKILL" in trace, f"nothing was injected: {call}, {trace}"
        return said, state_after_crash(folder / "store")

    def _copy(self, name: str) -> Path:
        folder = self._folder / name
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(self._template, folder)
        return folder


def sample(calls: list[Call], most: int) -> list[Call]:
    """At most so many of the calls, evenly spread, the first and the last among them."""
    if len(calls) <= most:
        return calls
    return [calls[round(place * (len(calls) - 1) / (most - 1))] for place in range(most)]
