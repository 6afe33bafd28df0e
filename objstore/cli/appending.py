"""`objstore conversations append`: events from the argument or from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.exit_codes import USAGE
from objstore.cli.failed import Failed
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, commit_facts, commit_line, session
from objstore.cli.terminal import is_terminal

if TYPE_CHECKING:
    from objstore.conversations.draft import ConversationDraft


@click.command(cls=PlainCommand)
@click.argument("name", shell_complete=complete("conversations"))
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
    if create and expected_head is not None:
        raise click.UsageError("--create makes a conversation that has no head; leave out --expected-head.")
    events = _events(event)
    _check(events)
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


def _check(events: Iterable[object]) -> None:
    """Before anything is made: an event that cannot be kept leaves no empty conversation behind. InvalidValue."""
    from objstore.objects.values import plain

    for event in events:
        plain(event, "event")


def _events(given: str | None) -> list[object]:
    """The events of the command line or of standard input."""
    from objstore.importers.strict_json import BadJson, parse

    if given is not None and given != "-":
        try:
            return [parse(given.encode("utf-8", "surrogateescape"))]
        except BadJson as error:
            raise click.BadParameter(f"it {error}", param_hint="EVENT") from None
    if sys.stdin is None or is_terminal(sys.stdin):  # pyright: ignore[reportUnnecessaryComparison] - None if closed
        raise click.UsageError("Give an EVENT as JSON, or pipe events in.")
    data = sys.stdin.buffer.read()
    try:
        return [parse(data)]
    except BadJson as error:
        lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
        if not lines:
            raise Failed("nothing to append: standard input is empty", USAGE) from None
        if not error.syntax or len(lines) < 2:
            raise Failed(f"standard input {error}", USAGE) from None
    return [_line(number, line) for number, line in lines]


def _line(number: int, line: bytes) -> object:
    from objstore.importers.strict_json import BadJson, parse

    try:
        return parse(line)
    except BadJson as error:
        raise Failed(f"line {number} of standard input {error}; nothing was appended", USAGE) from None
