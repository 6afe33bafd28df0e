"""Looking at histories and moving in them: `log`, `show`, `diff`, `undo`, `redo`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.moves import show_move
from objstore.cli.session import Session, commit_facts, commit_line, session
from objstore.cli.wording import quoted

if TYPE_CHECKING:
    from objstore.conversations.conversation import Conversation
    from objstore.conversations.view import ConversationView
    from objstore.files.workspace import Workspace
    from objstore.repository.commit import CommitInfo
    from objstore.settings.settings import Settings
    from objstore.store import Store

_any = complete("")
_UNSEEN = ("locks/", "remotes/", "incoming/", "redacted/", "squashed/")
"""Refs that are no histories."""


@click.command(cls=PlainCommand)
@click.argument("moments", metavar="[MOMENT]...", nargs=-1, shell_complete=_any)
@click.option("--graph", is_flag=True, help="Draw where histories fork and merge.")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many commits.")
@session
def log(current: Session, moments: tuple[str, ...], graph: bool, limit: int | None) -> None:
    """List commits, newest first.

    Of one MOMENT along its own line; of several, or with --graph, all that led there; without MOMENT, those of all refs.
    """
    from objstore.cli.graph import Graph

    with current.open() as store, current.paged():
        if len(moments) == 1 and not graph:
            for commit in islice(store.view(moments[0]).log(), limit):
                current.row(commit_facts(commit), commit_line(commit, _about(store, commit)))
            return
        names = _names(store)
        drawn = Graph()
        heads = [store.resolve(moment) for moment in moments] or _heads(store)
        for commit in islice(store.ancestors(heads), limit):
            refs = names.get(commit.oid, [])
            facts = {**commit_facts(commit), "refs": refs}
            line = commit_line(commit, _about(store, commit)) + (f"  ({', '.join(refs)})" if refs else "")
            if not graph or current.as_json:
                current.row(facts, line)
                continue
            rows = drawn.add(commit.oid, commit.parents)
            for above in rows.above:
                current.say(above)
            current.row(facts, f"{rows.at}  {line}")
            for below in rows.below:
                current.say(below)


def _about(store: Store, commit: CommitInfo) -> str:
    """What a commit brought, in a few words: its event, or which parts it changed."""
    from objstore.conversations.readable import summary
    from objstore.errors import CorruptObject, MissingObject, RedactedEvent

    if commit.message:
        return ""
    if commit.event is None:
        return _changed_parts(store, commit)
    try:
        return summary(store.view(commit)[-1])
    except RedactedEvent:
        return "(redacted)"
    except (CorruptObject, MissingObject):
        return "(this event is damaged)"


def _changed_parts(store: Store, commit: CommitInfo) -> str:
    first = next(iter(commit.parents), None)
    if first is None:
        return "(made)"
    if len(commit.parents) > 1:
        return "(merge)"
    parent = store.resolve(first.hex())
    changed = ["files"] if commit.files != parent.files else []
    if commit.settings != parent.settings:
        found = store.diff(parent, commit)
        changed += [part for part, there in (("settings", found.settings), ("metadata", found.metadata)) if there]
    return f"({', '.join(changed)})"


def _heads(store: Store) -> list[CommitInfo]:
    return [store.resolve(ref.name) for ref in store.refs.find() if not ref.name.startswith(_UNSEEN)]


def _names(store: Store) -> Mapping[bytes, list[str]]:
    """The names of refs by the commits that they point to; conversations' bare."""
    names: dict[bytes, list[str]] = {}
    for ref in store.refs.find():
        if ref.name.startswith(_UNSEEN):
            continue
        names.setdefault(store.resolve(ref.name).oid, []).append(ref.name.removeprefix("conversations/"))
    return names


@click.command(cls=PlainCommand)
@click.argument("moment", shell_complete=_any)
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last so many events.")
@click.option("--full", is_flag=True, help="Fold nothing, however long.")
@session
def show(current: Session, moment: str, last: int | None, full: bool) -> None:
    """Show what stood at MOMENT.

    Of a conversation (c1, c1#3) the events up to there, for reading; with --json they are whole. Of what has no events
    (files/ws, settings/user) the files and settings. With a path a file (c1#3:src/app.py), or a folder (c1#3:src/).
    """
    from objstore.cli.showing import show_event, show_files, show_settings
    from objstore.repository.revisions import parse_moment

    path = parse_moment(moment).path
    with current.open() as store, current.paged():
        view = store.view(moment)
        if path is not None:
            show_files(current, view.files, path)
            return
        start = view.first if last is None else max(view.first, len(view) - last)
        for number, event in enumerate(_from(view, start), start):
            show_event(current, number, event, full=full)
        if not len(view):
            show_files(current, view.files, "")
            show_settings(current, view.settings)


def _from(view: ConversationView, start: int) -> Iterator[object]:
    """The events from one on, in bounded memory."""
    return iter(view) if start == view.first else iter(view[start:])


@click.command(cls=PlainCommand)
@click.argument("a", shell_complete=_any)
@click.argument("b", shell_complete=_any)
@session
def diff(current: Session, a: str, b: str) -> None:
    """Show what changed from moment A to moment B.

    Events, files (text as unified diffs) and settings. B may leave the name out: `objstore diff c1#3 '#5'`. With a path in A (c1#3:src/app.py), only that file or folder.
    """
    from objstore.cli.differences import show_difference
    from objstore.repository.revisions import parse_moment

    old, new = parse_moment(a), parse_moment(b)
    if new.path not in (None, old.path):
        raise click.UsageError("A and B name different paths; a diff is of one path at two moments.")
    whole = b if new.name else old.name + b
    with current.open() as store, current.paged():
        show_difference(current, store, a, whole, old.path or "")


@click.command(cls=PlainCommand)
@click.argument("name", required=False, shell_complete=_any)
@click.option("--operation", type=int, metavar="N", help="Take back operation N of the whole store, deletes included.")
@session
def undo(current: Session, name: str | None, operation: int | None) -> None:
    """Take back the last step of NAME, or an operation.

    NAME is a conversation, files/NAME or settings/NAME; its steps are appends, commits, rewinds, merges.
    """
    if (name is None) == (operation is None):
        raise click.UsageError("Give a NAME, or --operation N (objstore operations lists them).")
    with current.open() as store:
        if operation is not None:
            done = store.undo(operation)
            refs = [entry.name for entry in done.entries]
            current.show({"operation": operation, "refs": refs}, f"Operation {operation} is undone: {', '.join(refs)}")
        elif name is not None:
            was = store.resolve(name) if _is_there(store, name) else None
            _branch(store, name).undo()
            _show_head(current, store, name, was, "redo")


@click.command(cls=PlainCommand)
@click.argument("name", shell_complete=_any)
@session
def redo(current: Session, name: str) -> None:
    """Make the step of NAME again that was undone last."""
    with current.open() as store:
        was = store.resolve(name) if _is_there(store, name) else None
        _branch(store, name).redo()
        _show_head(current, store, name, was, "undo")


def _branch(store: Store, name: str) -> Conversation | Workspace | Settings:
    from objstore.repository.revisions import ref_name

    space, _, rest = ref_name(name).partition("/")
    if space == "tags":
        raise click.UsageError("A tag has no steps. To bring a deleted one back: objstore undo --operation N.")
    if space == "files":
        return store.files.open(rest)
    return store.settings.open(rest) if space == "settings" else store.conversations.open(rest)


def _is_there(store: Store, name: str) -> bool:
    from objstore.repository.revisions import ref_name

    return store.refs.get(ref_name(name)) is not None


def _show_head(current: Session, store: Store, name: str, was: CommitInfo | None, back: str) -> None:
    if _is_there(store, name):
        show_move(current, store, name, was, f"objstore {back} {quoted(name)}")
    else:
        number = next(iter(store.operations())).number
        text = f"{name} is gone: that step had made it. To bring it back: objstore undo --operation {number}"
        current.show({"deleted": name, "operation": number}, text)
