"""`objstore conversations squash`: let the beginning of a conversation go."""

from __future__ import annotations

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session
from objstore.cli.wording import plural


@click.command(cls=PlainCommand)
@click.argument("name", shell_complete=complete("conversations"))
@click.option("--before", metavar="MOMENT", required=True, help="The event that becomes the first: #500, ~20, a time.")
@click.option("--reason", metavar="TEXT", default="", help="Why, for the record.")
@click.option("--with-forks", is_flag=True, help="Forks that have this event too lose what was before it as well.")
@click.option("--apply", "apply", is_flag=True, help="Do it; without it nothing is changed.")
@session
def squash(current: Session, name: str, before: str, reason: str, with_forks: bool, apply: bool) -> None:
    """Let the beginning of a conversation go for good.

    The event at MOMENT becomes the first; ids and numbers stay, and gc frees what only the old part needed. Forks from
    before that event keep their beginning. It cannot be undone, so look first, then add --apply. Backups, bundles and
    clones made before still have it.
    """
    with current.open() as store:
        conversation = store.conversations.open(name)
        done = conversation.squash(before, reason=reason, with_forks=with_forks, dry_run=not apply)
        if done is None:
            current.show({"name": name, "squashed": 0}, f"Nothing is before {before} in {name}.")
            return
        count = done.events - done.first
        facts = {"name": name, **done._asdict(), "applied": apply}
        if apply:
            current.show(facts, f"{plural(count, 'event')} of {name} squashed. To free the room: objstore gc")
            return
        text = f"{plural(count, 'event')} of {name} would go; event {done.events + 1} would be the first."
        if done.shared:
            text += f" {', '.join(done.shared)} would lose them too: add --with-forks."
        current.show(facts, f"{text} To do it: add --apply")
