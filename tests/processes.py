"""Other processes of this Python, with the package of this working tree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """The environment of a process that imports this working tree's packages."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def python(code: str, *arguments: str) -> str:
    """Run code in another process; what it printed. AssertionError: it failed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start code in another process, with pipes to its input and from its output."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
