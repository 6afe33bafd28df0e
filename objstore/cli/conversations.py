"""`objstore conversations …`; its `fork`, `rewind` and `merge` are frequent and so stand at the top as well."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.failed import Failed
from objstore.cli.history import show
from objstore.cli.lazy_group import PlainCommand, PlainGroup
from objstore.cli.metadata import edit, metadata
from objstore.cli.session import Session, commit_facts, commit_line, session, show_commit, time_text
from objstore.cli.targets import at_option

if TYPE_CHECKING:
    from objstore.conversations.draft import ConversationDraft
    from objstore.repository.merge import Side

_name = click.argument("name", shell_complete=complete("conversations"))


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def conversations(context: click.Context) -> None:
    """List, show, append to, fork, edit, rewind, merge, describe.

    A conversation is an append-only history of events, with files and settings of its own. Without a command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@conversations.command("list")
@click.argument("prefix", default="")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--after", metavar="NAME", default="", help="Go on after this one: the next page.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only those with this tag; may be repeated.")
@click.option("--newest", is_flag=True, help="Those that changed last first.")
@session
def list_(
    current: Session,
    prefix: str = "",
    limit: int | None = None,
    after: str = "",
    tags: tuple[str, ...] = (),
    newest: bool = False,
) -> None:
    """List conversations.

    With PREFIX those whose names begin so. Columns: the newest commit, how many events, when it changed, the name, its
    title and tags.
    """
    with current.open() as store:
        for info in store.conversations.find(prefix, after=after, limit=limit, tag=tags, newest=newest):
            about = "".join(f"  {text}" for text in (info.title, " ".join(f"[{tag}]" for tag in info.tags)) if text)
            line = f"{info.head[:12]}  {info.events:>7}  {time_text(info.changed)}  {info.name}{about}"
            current.show(info._asdict(), line)


conversations.add_command(show)


@conversations.command()
@_name
@click.argument("event", required=False)
@click.option(
    "--snapshot",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take a directory's files into the same commit.",
)
@click.option("-m", "--message", metavar="TEXT", default="", help="What the commit is about.")
@click.option("--create", is_flag=True, help="Make the conversation if it is not there.")
@click.option(
    "--expected-head", metavar="ID", help="Refuse (exit code 4) if the conversation has moved from this commit."
)
@session
def append(
    current: Session,
    name: str,
    event: str | None,
    snapshot: Path | None,
    message: str,
    create: bool,
    expected_head: str | None,
) -> None:
    """Append EVENT, or the events on standard input.

    EVENT is a JSON value; standard input holds one, or one a line. All are appended or none, with one flush.
    """
    events = _events(event)
    with current.open() as store:
        expected = None if expected_head is None else store.resolve(expected_head).oid
        conversation = store.conversations.open(name, create=create)
        problems: tuple[str, ...] = ()
        with conversation.commit(message, expected_head=expected) as draft:
            for value in events:
                draft.append(value)
            if snapshot is not None:
                problems = _snapshot(draft, snapshot)
        head = draft.made or conversation.head
        facts = {**commit_facts(head), "added": len(events), "problems": list(problems)}
        current.show(facts, commit_line(head, f"{len(events)} added"))
    if problems:
        raise Failed("\n".join(("not everything could be taken:", *problems)))


def _snapshot(draft: ConversationDraft, directory: Path) -> tuple[str, ...]:
    return tuple(f"{problem.path}: {problem.reason}" for problem in draft.files.snapshot(directory).problems)


def _events(given: str | None) -> list[object]:
    """The events of the command line or of standard input."""
    from objstore.importers.strict_json import BadJson, parse

    if given is not None and given != "-":
        try:
            return [parse(given.encode("utf-8", "surrogateescape"))]
        except BadJson as error:
            raise click.BadParameter(f"it {error}", param_hint="EVENT") from None
    if sys.stdin.isatty():
        raise click.UsageError("Give an EVENT as JSON, or pipe events in.")
    data = sys.stdin.buffer.read()
    try:
        return [parse(data)]
    except BadJson as error:
        lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
        if not error.syntax or len(lines) < 2:
            raise Failed(
                "nothing to append: standard input is empty" if not lines else f"standard input {error}"
            ) from None
    events: list[object] = []
    for number, line in lines:
        try:
            events.append(parse(line))
        except BadJson as error:
            raise Failed(f"line {number} of standard input {error}; nothing was appended") from None
    return events


@click.command(cls=PlainCommand)
@_name
@click.argument("new_names", metavar="NEW_NAME...", nargs=-1, required=True)
@at_option
@session
def fork(current: Session, name: str, new_names: tuple[str, ...], at: int | str | None) -> None:
    """Make conversations NEW_NAME that begin as NAME does.

    They share with NAME everything up to a moment, by default all. Of several all are made or none.
    """
    if len({*new_names}) < len(new_names):
        raise click.UsageError("A NEW_NAME is given twice.")
    with current.open() as store:
        for made in store.conversations.open(name).fork_many(new_names, at=at):
            current.show({"name": made.name, "events": len(made)}, f"{made.name} has {len(made)} events")


@click.command(cls=PlainCommand)
@_name
@click.argument("moment")
@click.option("--checkout", metavar="DIR", type=click.Path(path_type=Path), help="Bring this directory along.")
@click.option("--discard", is_flag=True, help="Give up the directory's unsaved changes.")
@session
def rewind(current: Session, name: str, moment: str, checkout: Path | None, discard: bool) -> None:
    """Move a conversation to a MOMENT, back or forth.

    Chat, files and settings go together. A moment is "#3" (after three events), "~2" (two commits back), "2 hours ago",
    an id or another name. undo takes the move back.
    """
    from objstore.errors import UnknownRevision

    with current.open() as store:
        try:
            commit = store.conversations.open(name).rewind(moment, checkout=checkout, discard=discard)
        except UnknownRevision as error:
            if moment.isdecimal():
                hint = f"the moment after {moment} events is written '#{moment}'"
                raise UnknownRevision(error.text, f"{error.reason}; {hint}") from None
            raise
        show_commit(current, commit)


@click.command(cls=PlainCommand)
@_name
@click.argument("moment", shell_complete=complete("conversations"))
@click.option("--prefer", type=click.Choice(["ours", "theirs"]), help="Whose files and settings count in a conflict.")
@session
def merge(current: Session, name: str, moment: str, prefer: Side | None) -> None:
    """Append to NAME the events of another conversation.

    Those that MOMENT (another name, or c1#3) has and NAME does not; files and settings are merged against the last
    common moment. If both sides changed the same ones, exit code 4 says which.
    """
    with current.open() as store:
        show_commit(current, store.conversations.open(name).merge(moment, prefer=prefer))


for _command in (fork, rewind, merge, metadata, edit):
    conversations.add_command(_command)


@conversations.command()
@_name
@session
def delete(current: Session, name: str) -> None:
    """Take a conversation away.

    Its log keeps what it was; undo --operation brings it back.
    """
    with current.open() as store:
        store.conversations.delete(name)
        number = next(iter(store.operations())).number
        facts = {"deleted": name, "operation": number}
        current.show(facts, f"Deleted {name}. To bring it back: objstore undo --operation {number}")
