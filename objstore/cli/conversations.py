"""`objstore conversations …`; its `fork`, `rewind` and `merge` are frequent and so stand at the top as well."""

from __future__ import annotations

from pathlib import Path

import click

from objstore.cli.appending import append
from objstore.cli.bundling import bundle, unbundle
from objstore.cli.completion import complete
from objstore.cli.expiring import expire
from objstore.cli.exporting import export
from objstore.cli.following import follow
from objstore.cli.history import show
from objstore.cli.lazy_group import PlainCommand, PlainGroup
from objstore.cli.merging import merge
from objstore.cli.metadata import edit, metadata
from objstore.cli.moves import show_move
from objstore.cli.redacting import redact, redactions
from objstore.cli.searching import search
from objstore.cli.session import Session, session, time_text
from objstore.cli.squashing import squash
from objstore.cli.targets import at_option
from objstore.cli.wording import plural, quoted

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
            current.row(info._asdict(), line)


conversations.add_command(show)
conversations.add_command(search)


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
            text = f"{made.name} has {plural(len(made), 'event')}"
            current.show({"name": made.name, "events": len(made)}, text)


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
        conversation = store.conversations.open(name)
        was = conversation.head
        try:
            conversation.rewind(moment, checkout=checkout, discard=discard)
        except UnknownRevision as error:
            if moment.isdecimal():
                hint = f"the moment after {plural(int(moment), 'event')} is written '#{moment}'"
                raise UnknownRevision(error.text, f"{error.reason}; {hint}") from None
            raise
        show_move(current, store, name, was, f"objstore undo {quoted(name)}")


for _command in (
    append,
    fork,
    rewind,
    merge,
    metadata,
    edit,
    follow,
    export,
    bundle,
    unbundle,
    redact,
    redactions,
    squash,
    expire,
):
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
