"""`objstore settings import | export`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from objstore.cli.exit_codes import ERROR
from objstore.cli.session import Session, session
from objstore.cli.settings_target import open_settings, view_of
from objstore.cli.targets import TargetCommand, at_option, target
from objstore.cli.values import keys_told

if TYPE_CHECKING:
    from objstore.settings.text.formats import Format

_FORMATS = ("toml", "json", "yaml", "env")
_format_option = click.option(
    "--format", "form", type=click.Choice(_FORMATS), help="The format (by default what the file's name tells)."
)


@click.command("export", cls=TargetCommand)
@target("settings")
@_format_option
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
@click.option("--prefix", default="", metavar="PREFIX", help="Stands before the names of variables in .env.")
@click.option("--reveal", is_flag=True, help="Write the secrets themselves instead of their names.")
@at_option
@session
def export(
    current: Session,
    form: str | None,
    output: str | None,
    prefix: str,
    reveal: bool,
    at: int | str | None,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Write the settings as TOML, JSON, YAML or .env.

    Secrets are named, not copied, unless --reveal.
    """
    with current.open() as store:
        chosen = _format(form, output)
        text = view_of(open_settings(store, name, conversation), at).export_text(chosen, prefix=prefix, reveal=reveal)
    if output is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    _write(Path(output), text, private=reveal)
    current.show({"file": output, "format": chosen}, f"Wrote {output}")


def _write(path: Path, text: str, private: bool) -> None:
    """Write a file; what holds secrets for its owner alone. An existing file keeps its mode."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if private else 0o666)
    with open(handle, "wb") as file:
        file.write(text.encode())


@click.command("import", cls=TargetCommand)
@target("settings")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@_format_option
@click.option("--prefix", default="", metavar="PREFIX", help="Of .env: only variables with it count.")
@click.option("--secret", "secrets", metavar="KEY", multiple=True, help="A key whose text is sealed.")
@click.option("--replace", is_flag=True, help="Unset what FILE does not name.")
@click.option("--create", is_flag=True, help="Make settings/NAME, or the conversation, if it is not there.")
@session
@click.pass_context
def import_(
    context: click.Context,
    current: Session,
    file: str,
    form: str | None,
    prefix: str,
    secrets: tuple[str, ...],
    replace: bool,
    create: bool,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Set what a TOML, JSON, YAML or .env file says, in one commit.

    FILE is - for standard input. A name of a secret leaves that secret as it is; those that are not here are told, and the exit code is 1.
    """
    from objstore.settings.text.formats import decode_text

    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    chosen = _format(form, file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"it is no UTF-8: {error.reason} at byte {error.start}", param_hint="FILE") from None
    decode_text(text, chosen, prefix)  # before anything is made: what is refused leaves no empty settings behind
    with current.open() as store, keys_told(current):
        found = open_settings(store, name, conversation, create)
        done = found.import_text(text, chosen, prefix=prefix, secrets=secrets, replace=replace)
    said = f"{len(done.set)} set, {len(done.unset)} unset"
    current.show(done._asdict(), said)
    for key in done.missing:
        current.warn(f"objstore: the secret {key} is named, but not here. Run: objstore settings set-secret … {key}")
    if done.missing:
        context.exit(ERROR)


def _format(form: str | None, file: str | None) -> Format:
    from objstore.settings.text.formats import format_of

    found = form or (format_of(file) if file else "toml")
    if found is None:
        raise click.UsageError(f"The name {file} tells no format. Say --format {'|'.join(_FORMATS)}.")
    return cast("Format", found)


COMMANDS = (export, import_)
