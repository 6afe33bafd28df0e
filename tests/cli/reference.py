"""The part of docs/reference/cli.md that follows from the commands. To write it anew: python -m tests.cli.reference"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from objstore.cli.commands import cli
from objstore.cli.exit_codes import MEANINGS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
HEADING = "## Commands\n\n"
TABLE = "## Exit codes\n\n| code | meaning |\n|---|---|\n"
COMMON = {"--store", "--json", "--help"}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with the words that call it."""
    yield from _below("objstore", cli)


def _below(words: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=words)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{words} {name}", command
        if isinstance(command, click.Group):
            yield from _below(f"{words} {name}", command)


def commands_part() -> str:
    """What stands below the heading "Commands". A command of two names is described under the shorter one."""
    shortest: dict[int, str] = {}
    for words, command in commands():
        if words.count(" ") < shortest.get(id(command), words + " ").count(" "):
            shortest[id(command)] = words
    return "\n".join(_section(words, command, shortest[id(command)]) for words, command in commands())


def _section(words: str, command: click.Command, shortest: str) -> str:
    usage = " ".join([words, *command.collect_usage_pieces(click.Context(command, info_name=words))])
    lines = [f"### `{words}`", "", "```", usage, "```", ""]
    if words != shortest:
        return "\n".join([*lines, f"The same as `{shortest}`.", ""])
    lines += [inspect.cleandoc(command.help or ""), ""]
    options = [param for param in command.params if isinstance(param, click.Option) and not COMMON & set(param.opts)]
    lines += [_option(option) for option in options]
    return "\n".join([*lines, ""] if options else lines)


def _option(option: click.Option) -> str:
    choices = "|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else ""
    value = "" if option.is_flag else f" {option.metavar or choices}"
    return f"- `{', '.join(option.opts)}{value}` {option.help}"


def exit_codes_part() -> str:
    """The rows of the table of exit codes."""
    return "".join(f"| {code} | {meaning} |\n" for code, meaning in MEANINGS.items())


if __name__ == "__main__":
    head = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    before, _, rest = head.partition(TABLE)
    after = rest[rest.index("\n\n") + 1 :]
    PAGE.write_text(before + TABLE + exit_codes_part() + after + HEADING + commands_part(), encoding="utf-8")
