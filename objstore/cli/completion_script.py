"""`objstore completion`: the lines that teach a shell to complete `objstore`'s commands, options and names."""

from __future__ import annotations

import os
from pathlib import PurePath

import click

from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session

SHELLS = ("bash", "zsh", "fish")


@click.command(cls=PlainCommand)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@session
def completion(current: Session, shell: str | None) -> None:
    """Print the script that makes a shell complete objstore.

    SHELL is bash, zsh or fish; without it, the one of $SHELL. Put `eval "$(objstore completion bash)"` into ~/.bashrc,
    `eval "$(objstore completion zsh)"` into ~/.zshrc, or `objstore completion fish | source` into
    ~/.config/fish/config.fish. Commands, options, and names of conversations, files, settings and tags complete.
    """
    from click.shell_completion import get_completion_class

    from objstore.cli.commands import cli

    chosen = shell or PurePath(os.environ.get("SHELL", "")).name
    found = get_completion_class(chosen) if chosen in SHELLS else None
    if found is None:
        raise click.UsageError(f"Name the shell: {', '.join(SHELLS)}.")
    script = found(cli, {}, "objstore", "_OBJSTORE_COMPLETE").source()
    # What the shell evaluates, so nothing of it is escaped.
    current.show({"shell": chosen, "script": script}, script)
