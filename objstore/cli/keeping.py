"""`backup`, `restore`, `migrate` and `upgrade`: copies of the whole store, moving it, and newer formats."""

from __future__ import annotations

import os
from pathlib import Path

import click

from objstore.cli.exit_codes import DAMAGED
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.progress import shown_progress
from objstore.cli.session import Session, find_store, session, time_text


@click.command(cls=PlainCommand)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("-m", "--note", metavar="TEXT", default="", help="What this version is for.")
@click.option("--list", "listed", is_flag=True, help="List the versions instead, newest first.")
@click.option("--verify", is_flag=True, help="Restore a version into a temporary folder and compare everything.")
@click.option("--prune", type=click.IntRange(min=1), metavar="N", help="Take all but the newest N versions away.")
@click.option("--version", "number", type=click.IntRange(min=1), metavar="N", help="The version to verify.")
@click.pass_context
def backup(
    context: click.Context,
    folder: Path,
    note: str,
    listed: bool,
    verify: bool,
    prune: int | None,
    number: int | None,
) -> None:
    """Add a version of the store to the backup in DIR.

    DIR is made if it is not there. Beside running writers; packs that DIR has are not copied again. --list, --verify
    and --prune are about DIR alone and need no store. Exit code 5 if --verify finds damage.
    """
    if listed + verify + (prune is not None) > 1 or (number is not None and not verify):
        raise click.UsageError("One of --list, --verify (with --version N) and --prune N at a time.")
    current = context.ensure_object(Session)
    if listed:
        _list(current, folder)
    elif verify:
        _verify(context, current, folder, number)
    elif prune is not None:
        _prune(current, folder, prune)
    else:
        _add(current, folder, note)


def _add(current: Session, folder: Path, note: str) -> None:
    with current.open() as store, shown_progress() as progress:
        made = store.backup(folder, note=note, progress=progress)
    text = f"Version {made.version} in {folder}: {made.refs:,} refs, {made.size / 1e6:,.1f} MB"
    copied = f"{made.copied:,} of {made.files:,} files copied ({made.copied_size / 1e6:,.1f} MB, {made.seconds:.1f} s)"
    current.show(made._asdict(), f"{text}; {copied}")


def _list(current: Session, folder: Path) -> None:
    import objstore

    for version in objstore.open_backup(folder).versions():
        text = (
            f"{version.number:>6}  {time_text(version.time)}  {version.refs:>7,} refs  {version.size / 1e6:>10,.1f} MB"
        )
        current.show(version._asdict(), f"{text}  {version.note}".rstrip())


def _verify(context: click.Context, current: Session, folder: Path, number: int | None) -> None:
    import objstore

    with shown_progress() as progress:
        done = objstore.open_backup(folder).verify(number, progress=progress)
    for finding in done.findings:
        current.show(finding.facts(), finding.words(), "red")
    facts = {"version": done.version, "damage": len(done.findings), "refs": done.refs, "objects": done.objects}
    if done.findings:
        current.show(facts, f"Version {done.version} could not be restored as it was: {len(done.findings):,} findings")
        context.exit(DAMAGED)
    text = f"Version {done.version} was restored and compared: {done.refs:,} refs, {done.objects:,} objects, all equal"
    current.show(facts, f"{text} ({done.seconds:.1f} s)")


def _prune(current: Session, folder: Path, keep: int) -> None:
    import objstore

    freed = objstore.open_backup(folder).prune(keep)
    current.show({"kept": keep, "freed": freed}, f"The newest {keep} versions stay; {freed / 1e6:,.1f} MB became free")


@click.command(cls=PlainCommand)
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--version", "number", type=click.IntRange(min=1), metavar="N", help="This version; the newest by default."
)
@click.option("--at", metavar="TIME", help="Every ref as it was then: 2026-11-24, '2 hours ago'.")
@session
def restore(current: Session, source: Path, target: Path, number: int | None, at: str | None) -> None:
    """Bring a store back from BACKUP as a new one in DIR.

    DIR must not be there, or empty. With --at the refs go to what they were at that time, by steps that their logs
    show. What was interrupted is begun again.
    """
    import objstore

    author = os.environ.get("OBJSTORE_AUTHOR") or os.environ.get("USER") or "user"
    with shown_progress() as progress:
        made = objstore.open_backup(source, author=author).restore(target, version=number, at=at, progress=progress)
    moved = f", {made.moved:,} moved to {at}" if at else ""
    text = f"Restored version {made.version} into {target}: {made.refs:,} refs{moved}, {made.size / 1e6:,.1f} MB"
    current.show(made._asdict(), f"{text}. Next: objstore --store {target} fsck")


@click.command(cls=PlainCommand)
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@click.argument("target", metavar="DST", type=click.Path(path_type=Path))
@session
def migrate(current: Session, source: Path, target: Path) -> None:
    """Move the store in SRC into a new one in DST.

    With every object, every ref, and every log as it is. SRC stays; DST must have no refs. What was interrupted is
    begun again and goes on.
    """
    import objstore

    with objstore.open(source) as store, objstore.open(target, create=True) as into, shown_progress() as progress:
        done = store.migrate(into, progress=progress)
    text = (
        f"Moved into {target}: {done.refs:,} refs with {done.entries:,} entries of their logs, {done.objects:,} objects"
    )
    current.show(done._asdict(), f"{text} ({done.size / 1e6:,.1f} MB, {done.seconds:.1f} s). {source} is still there")


@click.command(cls=PlainCommand)
@click.option("--copy", metavar="DIR", type=click.Path(path_type=Path), help="First copy all files to this new folder.")
@session
def upgrade(current: Session, copy: Path | None) -> None:
    """Bring a store of an older format to this one.

    The old journal stays in the store's folder. What was interrupted is begun again and goes on. Let nobody else use
    the store meanwhile.
    """
    from objstore.storage.local.upgrade import upgrade as run

    place = find_store(current.given) if current.given is None else Path(current.given)
    done = run(place, copy)
    kept = f"; the old journal is in {done.kept}" if done.kept else ""
    same = done.before == done.after
    text = (
        f"{place} is of format {done.after}" if same else f"Upgraded {place} from format {done.before} to {done.after}"
    )
    current.show(done._asdict(), text + kept)
