"""Calls of the command line within this process, each with what it printed and its exit code checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

import objstore
from objstore.cli.commands import cli


class Calls:
    """Calls on one store. `store` is its folder; files are looked for in `folder`, which should be the working one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.keys = folder / "keys"
        objstore.open(self.store, create=True).close()

    def __call__(self, *words: str, code: int = 0, stdin: str | bytes | None = None) -> str:
        """What a call prints, on both outputs. Its exit code must be `code`; it never ends in a traceback."""
        env = {
            "OBJSTORE": str(self.store),
            "OBJSTORE_AUTHOR": "ada",
            "OBJSTORE_DEBUG": None,
            "OBJSTORE_KEYS": str(self.keys),
        }
        done = CliRunner().invoke(cli, words, input=stdin, env=env, prog_name="objstore")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "fault of objstore's own" not in done.output, done.output
        assert done.exit_code == code, (done.exit_code, done.output)
        return done.output

    def json(self, *words: str, stdin: str | bytes | None = None) -> list[dict[str, Any]]:
        """The values that a call prints with --json."""
        return [json.loads(line) for line in self(*words, "--json", stdin=stdin).splitlines()]

    def chat(self, name: str, *texts: str) -> None:
        """Make a conversation with these messages, or append them to it."""
        lines = "\n".join(json.dumps({"role": "user", "content": text}) for text in texts)
        self("conversations", "append", name, "--create", stdin=lines)
