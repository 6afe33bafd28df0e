"""The kinds of commands that the tree is made of.

Every one takes `--json` and `--store` also behind its name, and ends every error in a line and an exit code. A
`LazyGroup` imports what a command needs when that command is called.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import click

from objstore.cli.exit_codes import code_of
from objstore.cli.failed import Failed
from objstore.cli.session import Session
from objstore.cli.terminal import visible
from objstore.cli.wording import text_of


class PlainCommand(click.Command):
    """A command."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words. BadParameter: text that is no UTF-8; paths of this machine may be anything."""
        rest = super().parse_args(ctx, args)
        for param in self.params:
            if isinstance(param.type, click.types.StringParamType):
                _check_text(ctx, param)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; an error of the library's ends in a line and an exit code."""
        with explained(ctx):
            return super().invoke(ctx)


class PlainGroup(click.Group):
    """A command with commands of its own, which all are `PlainCommand`s."""

    command_class = PlainCommand

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common_options()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order in which they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words name. UsageError: none, with the commands that there are."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            there = ", ".join(self.commands)
            raise click.UsageError(f"{ctx.command_path} has no command {args[0]!r}. It has: {there}.", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(click.Group):
    """The root: its commands are named in `places` as "module:attribute" and imported when they are asked for."""

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of `places`."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now."""
        module, _, attribute = self._places.get(cmd_name, "").partition(":")
        return getattr(importlib.import_module(module), attribute) if module else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the words name. UsageError: none, with the one that was probably meant."""
        if args[0] not in self._places and not args[0].startswith("-"):
            from difflib import get_close_matches

            meant = " or ".join(get_close_matches(args[0], self._places, n=2))
            hint = f" Did you mean {meant}?" if meant else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; an error of the library's ends in a line and an exit code."""
        with explained(ctx):
            return super().invoke(ctx)


@contextmanager
def explained(context: click.Context) -> Generator[None, None, None]:
    """End every error in a line on standard error and an exit code; click's own, and a lost reader, pass as they are."""
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
        raise
    except Failed as failed:
        text, code = failed.text, failed.code
    except Exception as error:
        if os.environ.get("OBJSTORE_DEBUG"):
            raise
        text = _text_of(error, {option for param in context.command.params for option in param.opts})
        code = code_of(error)
    else:
        return
    click.echo(f"objstore: {visible(text)}", err=True)
    context.exit(code)


def _check_text(context: click.Context, param: click.Parameter) -> None:
    given: object = context.params.get(param.name or "")
    words = cast("tuple[object, ...]", given) if isinstance(given, tuple) else (given,)
    if any(isinstance(word, str) and any("\ud800" <= letter <= "\udfff" for letter in word) for word in words):
        raise click.BadParameter("it is not valid UTF-8", context, param)


def _text_of(error: Exception, options: set[str]) -> str:
    from objstore.cli.demo_failed import DemoFailed
    from objstore.errors import ObjstoreError

    if isinstance(error, ObjstoreError | OSError | IndexError | RecursionError | DemoFailed):
        return text_of(error, options)
    return f"a fault of objstore's own: {error!r}. OBJSTORE_DEBUG=1 shows where; please report it"


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--store"],
            type=click.Path(),
            expose_value=False,
            callback=_set_store,
            metavar="DIR",
            help="The store's folder.",
        ),
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_set_json, help="Print JSON, one value a line."
        ),
    ]


def _set_store(context: click.Context, _: click.Parameter, value: str | None) -> None:
    current = context.find_object(Session)
    if value and current is not None:
        current.given = value


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    current = context.find_object(Session)
    if value and current is not None:
        current.as_json = True
