"""`objstore files …`: workspaces, and with --conversation the files of a conversation."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from objstore.cli.content import put_file
from objstore.cli.failed import Failed
from objstore.cli.session import Session, commit_facts, commit_line, session
from objstore.cli.targets import TargetGroup, at_option, target

if TYPE_CHECKING:
    from objstore.files.directory import Problem
    from objstore.files.info import FileInfo, Listed
    from objstore.files.view import FilesView
    from objstore.files.workspace import Workspace
    from objstore.store import Store

create_option = click.option("--create", is_flag=True, help="Make files/NAME, or the conversation, if it is not there.")
message_option = click.option("-m", "--message", metavar="TEXT", default="", help="What the commit is about.")


def mode_of(_: click.Context, __: click.Parameter, text: str) -> int:
    """Permission bits, from octal digits."""
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777:
        raise click.BadParameter("permission bits are octal digits such as 644 or 755")
    return mode


@click.group(cls=TargetGroup, invoke_without_command=True)
@click.pass_context
def files(context: click.Context) -> None:
    """List, read, write, delete, snapshot, check out.

    Files with a history: files/NAME, or with --conversation a conversation's own. Without a command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@files.command("list")
@target("files", required=False)
@click.argument("prefix", default="")
@click.option("--glob", "pattern", metavar="PATTERN", help='Files whose whole paths match, as "src/**/*.{ts,tsx}".')
@click.option("--level", is_flag=True, help="The names in the folder PREFIX alone, not what is in folders below it.")
@at_option
@session
def list_(
    current: Session,
    name: str | None = None,
    conversation: str | None = None,
    prefix: str = "",
    pattern: str | None = None,
    level: bool = False,
    at: int | str | None = None,
) -> None:
    """List the files of NAME, or what names there are.

    With PREFIX those whose paths begin so: "src/" lists a folder with all below it.
    """
    if (level or prefix) and pattern is not None:
        raise click.UsageError("--glob stands alone: a pattern says which folder it is about")
    with current.open() as store:
        if name is None and conversation is None:
            for each in store.files.find():
                view = store.view(f"files/{each}")
                facts = {"name": each, "files": len(view.files), "head": view.commit.id}
                current.show(facts, f"{view.commit.id[:12]}  {len(view.files):>7}  {each}")
            return
        view = view_of(open_files(store, name, conversation), at)
        if level:
            for entry in view.list(prefix):
                _show_listed(current, entry)
            return
        for info in view.find(prefix) if pattern is None else view.glob(pattern):
            _show_info(current, info)


def _show_listed(current: Session, entry: Listed) -> None:
    if entry.info is None:
        current.show({"path": entry.path, "folder": True}, f"{'folder':>6}  {'':>12}  {entry.path}/")
    else:
        _show_info(current, entry.info)


def _show_info(current: Session, info: FileInfo) -> None:
    facts = {"path": info.path, "mode": f"{info.mode:o}", "size": info.size, "oid": info.oid.hex()}
    current.show(facts, f"{info.mode:06o}  {info.size:>12,}  {info.path}")


@files.command()
@target("files")
@click.argument("path")
@at_option
@session
def read(current: Session, path: str, at: int | str | None, conversation: str | None, name: str | None = None) -> None:
    """Write the bytes of the file PATH to standard output."""
    with current.open() as store:
        put_file(current, view_of(open_files(store, name, conversation), at), path)


@files.command()
@target("files")
@click.argument("path")
@click.argument("source", type=click.File("rb"), default="-")
@click.option(
    "--mode",
    default="644",
    metavar="OCTAL",
    callback=mode_of,
    help="Permission bits (default: 644).",
)
@message_option
@create_option
@session
def write(
    current: Session,
    path: str,
    source: BinaryIO,
    mode: int,
    message: str,
    create: bool,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Set the file PATH to the content of SOURCE.

    SOURCE is a file of this machine; without it, what comes on standard input.
    """
    from objstore.files.paths import check_path

    check_path(path)  # Before anything is made: a path that is refused leaves no empty files/NAME behind.
    with current.open() as store:
        with open_files(store, name, conversation, create).commit(message, why="write") as draft:
            with draft.open(path, mode=mode) as file:
                shutil.copyfileobj(source, file, 1 << 20)
            size = file.tell()
        current.show(commit_facts(draft.done), commit_line(draft.done, f"{path}: {size:,} bytes"))


@files.command()
@target("files")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("-r", "--recursive", is_flag=True, help="Also folders, with all that is in them.")
@message_option
@session
def delete(
    current: Session,
    paths: tuple[str, ...],
    recursive: bool,
    message: str,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Remove files, in one commit."""
    with current.open() as store:
        with open_files(store, name, conversation).commit(message, why="delete") as draft:
            for path in paths:
                draft.delete(path, recursive=recursive)
        facts = {**commit_facts(draft.done), "deleted": list(paths)}
        current.show(facts, commit_line(draft.done, f"{len(paths)} deleted"))


@files.command()
@target("files")
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@message_option
@create_option
@session
def snapshot(
    current: Session,
    directory: Path,
    message: str,
    create: bool,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Take the files as the directory DIR has them now.

    Ignore files are honoured; files that the directory does not have any more go. Exit code 1 if some could not be taken.
    """
    with current.open() as store:
        taken = open_files(store, name, conversation, create).snapshot(directory, message=message)
        facts = {**taken._asdict(), "root": taken.root.hex(), "problems": _facts(taken.problems)}
        changes = f"{taken.added} new, {taken.changed} changed, {taken.removed} gone"
        current.show(facts, f"{taken.entries} files, {taken.bytes:,} bytes: {changes}, {taken.unchanged} as before")
    _complain(taken.problems, "taken")


@files.command()
@target("files")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@at_option
@click.option("--discard", is_flag=True, help="Give up the directory's unsaved changes.")
@click.option("--clean", is_flag=True, help="Remove all else that a snapshot would take.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@session
def checkout(
    current: Session,
    directory: Path,
    at: int | str | None,
    discard: bool,
    clean: bool,
    dry_run: bool,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Bring the directory DIR to the files.

    It is made if missing. Changes that would be overwritten are refused (exit code 4); other files in it are left.
    """
    with current.open() as store:
        done = open_files(store, name, conversation).checkout(
            directory, at=at, discard=discard, clean=clean, dry_run=dry_run
        )
        facts: dict[str, object] = {**done._asdict(), "problems": _facts(done.problems)}
        if dry_run:
            for verb, paths in (("remove", done.dropped), ("write", done.wrote)):
                for path in () if current.as_json else paths:
                    current.say(f"would {verb} {path}")
        else:
            del facts["wrote"], facts["dropped"]
        would = "to be " if dry_run else ""
        sizes = f"{done.written} {would}written ({done.bytes:,} bytes)"
        current.show(facts, f"{sizes}, {done.removed} {would}removed, {done.kept} right already")
    _complain(done.problems, "written")


def open_files(store: Store, name: str | None, conversation: str | None, create: bool = False) -> Workspace:
    """What a command works on."""
    if conversation is not None:
        return store.conversations.open(conversation, create=create).files
    assert name is not None, "without --conversation the argument is required"
    return store.files.open(name, create=create)


def view_of(workspace: Workspace, at: int | str | None) -> FilesView:
    """Its files at a moment, by default now."""
    return workspace.at("~0" if at is None else at)


def _facts(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [problem._asdict() for problem in problems]


def _complain(problems: tuple[Problem, ...], verb: str) -> None:
    if problems:
        lines = [f"{problem.path}: {problem.reason}" for problem in problems]
        raise Failed("\n".join((f"not everything could be {verb}:", *lines)))
