"""`repair`: mending a damaged store."""

from __future__ import annotations

import os
from pathlib import Path

import click

from objstore.cli.exit_codes import DAMAGED
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.progress import shown_progress
from objstore.cli.session import Session, find_store


@click.command(cls=PlainCommand)
@click.option(
    "--from", "source", metavar="DIR", type=click.Path(path_type=Path), help="A store or backup that may have the rest."
)
@click.pass_context
def repair(context: click.Context, source: Path | None) -> None:
    """Mend a damaged store.

    Indexes are made again, whole parts of damaged packs and journals are saved, and objects that are lost come from
    the store or backup that --from names. Damaged files move to the folder quarantine, nothing is deleted, and
    repairs.jsonl says what was done. Exit code 5 if damage is left. Let nobody else use the store meanwhile.
    """
    from objstore.cli.unlocking import open_unlocked
    from objstore.opening import mend

    current = context.ensure_object(Session)
    author = os.environ.get("OBJSTORE_AUTHOR") or os.environ.get("USER") or "user"
    place = find_store(current.given) if current.given is None else Path(current.given)
    done = mend(place, source, author=author)
    for line in done:
        current.show({"did": line}, line)
    with open_unlocked(place, author) as store, shown_progress() as progress:
        repaired = store.repair(source, progress=progress)
    for line in repaired.actions:
        current.show({"did": line}, line)
    for finding in repaired.findings:
        current.show(finding.facts(), finding.words(), "red")
    facts = {"actions": len(done) + len(repaired.actions), "recovered": repaired.recovered}
    facts["damage"] = len(repaired.findings)
    if repaired.findings:
        left = f"{len(repaired.findings):,} findings are left"
        current.show(facts, f"{left}. Another store or backup may have what is lost: objstore repair --from DIR")
        context.exit(DAMAGED)
    current.show(facts, "Everything is sound." if facts["actions"] else "There was nothing to mend.")
