"""Completion, as a shell asks for it, and the scripts that make a shell ask."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from objstore.cli.completion_script import SHELLS
from tests.cli.calls import Calls
from tests.cli.programs import COMMAND, surroundings


def complete(folder: Path, *words: str, env: dict[str, str] | None = None) -> list[str]:
    """What a bash would offer for the last of these words."""
    asked = {
        "_OBJSTORE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["objstore", *words]),
        "COMP_CWORD": str(len(words)),
        **(env or {}),
    }
    done = subprocess.run(COMMAND, cwd=folder, env=surroundings(asked), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_commands_options_and_names_complete(call: Calls) -> None:
    call.chat("alpha", "one")
    call.chat("also", "one")
    call("settings", "set", "user", "k", "1", "--create")
    call("tag", "v1", "alpha")
    env = {"OBJSTORE": str(call.store)}
    assert complete(call.folder, "op", env=env) == ["operations"]
    assert "--graph" in complete(call.folder, "log", "--", env=env)
    assert complete(call.folder, "fork", "al", env=env) == ["alpha", "also"]
    assert complete(call.folder, "show", "al", env=env) == ["alpha", "also"]
    assert complete(call.folder, "show", "settings/", env=env) == ["settings/user"]
    assert complete(call.folder, "settings", "get", "u", env=env) == ["user"]
    assert complete(call.folder, "tag", "--delete", "v", env=env) == ["v1"]


def test_where_there_is_no_store_nothing_completes_and_nothing_is_said(tmp_path: Path) -> None:
    assert complete(tmp_path, "show", "a") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_one_that_it_takes(call: Calls, shell: str) -> None:
    script = call("completion", shell)
    assert "_OBJSTORE_COMPLETE" in script
    assert call.json("completion", shell)[0]["shell"] == shell
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here to read its script")
    done = subprocess.run([program, "-n", "/dev/stdin"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_shell_it_is_the_users(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert call("completion") == call("completion", "fish")
    monkeypatch.setenv("SHELL", "/bin/csh")
    assert "bash, zsh, fish" in call("completion", code=2)
