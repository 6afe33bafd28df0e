"""`objstore files append | move | copy | export`: changes that need no directory, and single files out of the store."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from objstore.cli.files import create_option, files, message_option, mode_of, open_files, view_of
from objstore.cli.session import Session, commit_facts, commit_line, session
from objstore.cli.targets import at_option, target


@files.command()
@target("files")
@click.argument("path")
@click.argument("source", type=click.File("rb"), default="-")
@click.option(
    "--mode", default="644", metavar="OCTAL", callback=mode_of, help="Permission bits of a new file (default: 644)."
)
@message_option
@create_option
@session
def append(
    current: Session,
    path: str,
    source: BinaryIO,
    mode: int,
    message: str,
    create: bool,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Put the content of SOURCE behind the file PATH.

    SOURCE is a file of this machine; without it, what comes on standard input. The file is made if it is not there.
    """
    data = source.read()
    with current.open() as store:
        commit = open_files(store, name, conversation, create).append(path, data, mode=mode, message=message)
        current.show(commit_facts(commit), commit_line(commit, f"{path}: {len(data):,} bytes more"))


_overwrite = click.option("--overwrite", is_flag=True, help="Replace what is at TO.")


@files.command()
@target("files")
@click.argument("source", metavar="FROM")
@click.argument("to")
@_overwrite
@message_option
@session
def move(
    current: Session,
    source: str,
    to: str,
    overwrite: bool,
    message: str,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Give the file or folder FROM the path TO.

    A folder goes with all that is in it. What is at TO stays, and nothing is done (exit code 4), unless it is told.
    """
    with current.open() as store:
        commit = open_files(store, name, conversation).move(source, to, overwrite=overwrite, message=message)
        current.show(commit_facts(commit), commit_line(commit, f"{source} is {to} now"))


@files.command()
@target("files")
@click.argument("source", metavar="FROM")
@click.argument("to")
@_overwrite
@message_option
@session
def copy(
    current: Session,
    source: str,
    to: str,
    overwrite: bool,
    message: str,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Put the file or folder FROM at TO as well.

    Nothing is stored twice. What is at TO stays, and nothing is done (exit code 4), unless it is told.
    """
    with current.open() as store:
        commit = open_files(store, name, conversation).copy(source, to, overwrite=overwrite, message=message)
        current.show(commit_facts(commit), commit_line(commit, f"{source} is at {to}, too"))


@files.command()
@target("files")
@click.argument("path")
@click.argument("to", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@at_option
@session
def export(
    current: Session,
    path: str,
    to: Path,
    at: int | str | None,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Write the file PATH to FILE on this machine.

    Permission bits go with it; FILE is replaced whole or not at all.
    """
    with current.open() as store:
        size = view_of(open_files(store, name, conversation), at).read_to(path, to)
        current.show({"path": path, "file": str(to), "bytes": size}, f"{to}: {size:,} bytes")
