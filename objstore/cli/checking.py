"""`fsck` and `doctor`: reading everything and naming what is damaged."""

from __future__ import annotations

import click

from objstore.cli.exit_codes import DAMAGED
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.progress import shown_progress
from objstore.cli.session import Session


@click.command(cls=PlainCommand)
@click.option(
    "--quick", is_flag=True, help="Leave the payloads of events and files alone: structure, refs, files' ends."
)
@click.pass_context
def fsck(context: click.Context, quick: bool) -> None:
    """Check everything that is stored.

    Hashes, encodings, histories, trees, refs and their logs, packs, indexes and the journal. Each fault is named with
    the conversations, events and files that it touches. Changes nothing; repair does. Exit code 5 if anything is
    damaged.
    """
    report(context, full=not quick)


@click.command(cls=PlainCommand)
@click.pass_context
def doctor(context: click.Context) -> None:
    """Check the store and say what to do.

    The same check as fsck.
    """
    report(context, full=True)


def report(context: click.Context, *, full: bool) -> None:
    """Run the check and print what it found; the context ends with its exit code."""
    from objstore.errors import CorruptObject, StorageFailure
    from objstore.maintenance.fsck import unopened

    current = context.ensure_object(Session)
    try:
        with current.open() as store, shown_progress() as progress:
            found = store.fsck(full=full, progress=progress)
    except (CorruptObject, StorageFailure) as error:
        found = unopened(error)
    for finding in found.findings:
        current.show(finding.facts(), finding.words(), "red")
    count = len(found.findings)
    looked = f"{found.commits:,} commits of {found.refs:,} refs"
    if full:
        looked += f", {found.objects:,} objects in {found.stored / 1e6:,.1f} MB"
    if count:
        findings = "finding" if count == 1 else "findings"
        current.show(found.facts(), f"{count:,} {findings} in {looked}. Next: objstore repair")
        context.exit(DAMAGED)
    current.show(found.facts(), f"Everything is sound: {looked} ({found.seconds:.1f} s)")
