"""`objstore settings log | diff | origin | revert | merge`."""

from __future__ import annotations

from itertools import islice

import click

from objstore.cli.session import Session, commit_facts, commit_line, session, show_commit
from objstore.cli.settings_target import open_named, open_settings
from objstore.cli.targets import TargetCommand, moment_of, target
from objstore.cli.values import for_json, for_people


@click.command(cls=TargetCommand)
@target("settings")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many commits.")
@session
def log(current: Session, limit: int | None, conversation: str | None, name: str | None = None) -> None:
    """List the commits that changed the settings, newest first."""
    with current.open() as store:
        for commit in islice(open_settings(store, name, conversation).log(), limit):
            current.show(commit_facts(commit), commit_line(commit, "(settings)"))


@click.command(cls=TargetCommand)
@target("settings")
@click.argument("a")
@click.argument("b", required=False)
@session
def diff(current: Session, a: str, b: str | None, conversation: str | None, name: str | None = None) -> None:
    """Show which keys changed from moment A to moment B.

    With their values; secrets are masked. B is by default now.
    """
    from objstore.settings.changes import UNSET

    with current.open() as store:
        found = open_settings(store, name, conversation)
        for change in found.diff(moment_of(a), "~0" if b is None else moment_of(b)):
            if current.as_json:
                facts = {"setting": change.key, "verb": change.verb}
                current.show({**facts, "old": for_json(change.old), "new": for_json(change.new)}, "")
                continue
            for value, sign, style in ((change.old, "-", "red"), (change.new, "+", "green")):
                if value is not UNSET:
                    current.say(f"{sign} {change.key} = {for_people(value)}", style)


@click.command(cls=TargetCommand)
@target("settings")
@click.argument("key")
@session
def origin(current: Session, key: str, conversation: str | None, name: str | None = None) -> None:
    """Show the commit that gave KEY the value that it has now."""
    with current.open() as store:
        show_commit(current, open_settings(store, name, conversation).origin(key))


@click.command(cls=TargetCommand)
@target("settings")
@click.argument("moment")
@session
def revert(current: Session, moment: str, conversation: str | None, name: str | None = None) -> None:
    """Make the settings what they were at MOMENT, as a new commit.

    Of a conversation the settings alone.
    """
    with current.open() as store:
        found = open_settings(store, name, conversation)
        found.revert(moment_of(moment))
        show_commit(current, next(iter(found.log())))


@click.command(cls=TargetCommand)
@target("settings")
@click.argument("other")
@click.option("--prefer", type=click.Choice(["ours", "theirs"]), help="Whose value counts where both changed a key.")
@session
def merge(current: Session, other: str, prefer: str | None, conversation: str | None, name: str | None = None) -> None:
    """Take over what OTHER changed since both were one.

    OTHER is a name of settings, or conversations/NAME. Keys that both changed are named, and nothing is merged, unless
    --prefer says whose value counts.
    """
    from typing import cast

    from objstore.repository.merge_trees import Side

    with current.open() as store:
        found = open_settings(store, name, conversation)
        show_commit(current, found.merge(open_named(store, other), prefer=cast("Side | None", prefer)))


COMMANDS = (log, diff, origin, revert, merge)
