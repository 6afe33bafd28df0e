"""The command tree: what every command has in common, and that commands named anywhere are there."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import objstore
from objstore.cli.commands import PLACES, cli
from tests.cli.calls import Calls
from tests.cli.programs import call as call_process
from tests.cli.reference import commands

PACKAGE = Path(objstore.__file__).parent
WORDS = [words for words, _ in commands()]
# An `objstore` that begins a command in a text: behind ": ", "(", "then " or at the start.
_NAMED = re.compile(
    r"(?:^|[:(] ?|then |or |Next: )objstore ((?:--?[a-z-]+(?: [A-Z]+| \{\w+\})? )*)([a-z]+)((?: [a-z]+(?:-[a-z]+)*)?)"
)


def texts() -> Iterator[tuple[str, str]]:
    """Every piece of text in the package that is no docstring, with its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield (
                    path.name,
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values),
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield path.name, node.value


def test_every_command_that_a_text_names_is_there() -> None:
    named: set[str] = set()
    for file, text in texts():
        if re.match(
            "objstore (store|key|signing key|identity|remembered)\\W", text
        ):  # the first line of a format of ours
            continue
        for _, first, second in _NAMED.findall(text):
            if first == "init" or first in PLACES:
                command = cli.get_command(click.Context(cli), first)
                named.add(first)
                if isinstance(command, click.Group) and second:
                    assert command.get_command(click.Context(command), second.strip()), (file, text)
            else:
                pytest.fail(f"{file}: {text!r} names a command that is not there")
    assert {"init", "import", "doctor", "undo", "conversations", "operations"} <= named


@pytest.mark.parametrize("words", WORDS)
def test_every_command_explains_itself(call: Calls, words: str) -> None:
    for option in ("--help", "-h"):
        assert call(*words.split()[1:], option).startswith(f"Usage: {words}")


def test_the_help_lists_every_command() -> None:
    with click.Context(cli, info_name="objstore") as context:
        text = cli.get_help(context)
    assert all(re.search(rf"^  {name}\b", text, re.MULTILINE) for name in PLACES)


def test_json_may_stand_before_and_behind_a_command(call: Calls) -> None:
    call.chat("c", "one")
    for words in (("conversations",), ("log", "c"), ("stats",), ("operations",), ("show", "c")):
        assert call("--json", *words) == call(*words, "--json")
    assert json.loads(call("--json"))["conversations"] == 1
    assert call("--json", "conversations", "list") == call("conversations", "--json", "list")


def test_the_store_may_be_named_before_and_behind_a_command_and_by_the_environment(tmp_path: Path) -> None:
    place = str(tmp_path / "a")
    call_process(tmp_path, "--store", place, "init")
    for words, env in (
        (("--store", place, "stats"), {}),
        (("stats", "--store", place), {}),
        (("stats",), {"OBJSTORE": place}),
        (("stats", "--store", place), {"OBJSTORE": "/nowhere"}),
    ):
        call_process(tmp_path, *words, env=env)
    call_process(tmp_path, "stats", code=6)


def test_a_store_is_found_in_the_folders_above(tmp_path: Path) -> None:
    call_process(tmp_path, "init")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert str(tmp_path / ".objstore") in call_process(below).out
    assert "is one. Name that" in call_process(below, "--store", str(tmp_path), "stats", code=6).err


def test_who_an_author_is(tmp_path: Path) -> None:
    call_process(tmp_path, "init")
    for author, env in (("ada", {}), ("bob", {"OBJSTORE_AUTHOR": None, "USER": "bob"})):
        call_process(tmp_path, "conversations", "append", author, "1", "--create", env=env)
        assert json.loads(call_process(tmp_path, "log", author, "--json", "-n", "1").out)["author"] == author
    call_process(tmp_path, "conversations", "append", "u", "1", "--create", env={"OBJSTORE_AUTHOR": "", "USER": ""})
    assert json.loads(call_process(tmp_path, "log", "u", "--json", "-n", "1").out)["author"] == "user"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "No such command 'nothing'"),
        (("lgo",), "Did you mean log?"),
        (("log", "--nothing"), "No such option"),
        (("settings", "user"), "objstore settings has no command 'user'"),
        (("files", "ws", "x"), "It has: list"),
        (("conversations", "nothing"), "It has: list, show, "),
        (("fork", "c"), "Missing argument"),
        (("log", "-n", "0"), "-n"),
        (("log", "-n", "many"), "-n"),
        (("show",), "Missing argument"),
        (("import",), "--samples"),
        (("import", "/nowhere"), "/nowhere"),
        (("undo",), "--operation"),
        (("undo", "c", "--operation", "1"), "--operation"),
        (("tag", "v1"), "tag NAME MOMENT"),
        (("merge", "c", "d", "--prefer", "mine"), "ours"),
    ],
)
def test_wrong_usage_says_what_is_right(call: Calls, words: tuple[str, ...], said: str) -> None:
    text = call(*words, code=2)
    assert said in text
    assert text.startswith("Usage: ")


def test_an_error_goes_to_standard_error_alone_and_json_keeps_it_text(call: Calls, tmp_path: Path) -> None:
    ended = call_process(tmp_path, "log", "nothing", "--json", code=3, env={"OBJSTORE": str(call.store)})
    assert ended.out == ""
    assert ended.err.startswith("objstore: nothing: ")
    assert ended.err.count("\n") == 1


def test_names_and_commands_in_hints_can_be_pasted(call: Calls) -> None:
    odd = "it's(a)name"
    call.chat(odd, "one", "two")
    hint = call("rewind", odd, "#1").rpartition("objstore ")[2]
    call(*shlex.split(hint))
    assert len(call.json("show", odd)) == 2
