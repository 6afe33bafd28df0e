"""Commands that work on `files/NAME` or `settings/NAME`, or with --conversation on what is a conversation's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand, PlainGroup

F = TypeVar("F", bound=Callable[..., Any])
_ASKED = re.compile(r"--conversation(=|$)|-c")


class TargetCommand(PlainCommand):
    """A command whose first argument is NAME, unless --conversation says what to work on.

    Which of the two it is decides how the other words are read, so it is looked for before they are.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words."""
        words = args[: args.index("--")] if "--" in args else args
        ctx.meta[__name__] = any(_ASKED.match(word) for word in words)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The options and arguments, as they stand for this call."""
        params = super().get_params(ctx)
        return [param for param in params if param.name != "name"] if ctx.meta.get(__name__) else params


class TargetGroup(PlainGroup):
    """A group of `TargetCommand`s."""

    command_class = TargetCommand


def target(space: str, required: bool = True) -> Callable[[F], F]:
    """The argument NAME and the option --conversation: the command gets `name` or `conversation`, one of them not None."""

    def decorate(function: F) -> F:
        function = click.option(
            "-c",
            "--conversation",
            metavar="NAME",
            help="Work on the conversation's own; the first NAME is left out then.",
            shell_complete=complete("conversations"),
        )(function)
        return click.argument("name", required=required, shell_complete=complete(space))(function)

    return decorate


def at_option(function: F) -> F:
    """The option --at: a moment of what the command works on."""
    text = 'A number of events, "#3", "~2", "2 hours ago", an id (default: now).'
    return click.option("--at", metavar="MOMENT", callback=_count_or_text, help=text)(function)


def _count_or_text(_: click.Context, __: click.Parameter, value: str | None) -> int | str | None:
    return None if value is None else moment_of(value)


def moment_of(value: str) -> int | str:
    """A moment as the library takes it: a bare number is one of events."""
    return int(value) if value.isdecimal() and len(value) < 10 else value
