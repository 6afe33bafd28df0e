"""`objstore blame`: who wrote each line of a file."""

from __future__ import annotations

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, commit_facts, session, time_text


@click.command(cls=PlainCommand)
@click.argument("file", metavar="MOMENT:PATH", shell_complete=complete(""))
@session
def blame(current: Session, file: str) -> None:
    """Show who wrote each line of a file, and with which event.

    As in `objstore blame c1:src/app.py`, `c1#30:src/app.py`, `files/ws:notes.md`. Lines are followed through renames and
    merges. The number behind # is that of the event; what came without one (a snapshot in between) has that before it.
    """
    from objstore.repository.revisions import parse_moment

    path = parse_moment(file).path
    if not path:
        raise click.UsageError("a file is named as MOMENT:PATH, for example c1:src/app.py")
    with current.open() as store:
        lines = store.blame(file.removesuffix(f":{path}"), path)
        width = max((len(line.commit.author) for line in lines), default=0)
        for line in lines:
            by = line.commit
            facts = {"line": line.number, "text": line.text, "path": line.path, "commit": commit_facts(by)}
            who = f"{by.id[:8]} #{by.events:<5} {by.author:<{width}}  {time_text(by.time)}"
            current.show(facts, f"{who} {line.number:>5}  {line.text}")
