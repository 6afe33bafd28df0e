"""`objstore conversations bundle` and `unbundle`: histories in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session
from objstore.cli.wording import plural

if TYPE_CHECKING:
    from objstore.sync.bundle_import import OnDiverged


@click.command(cls=PlainCommand)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=complete(""))
@click.option("--since", metavar="MOMENT", multiple=True, help="Leave out what led to this; may be repeated.")
@session
def bundle(current: Session, file: Path, names: tuple[str, ...], since: tuple[str, ...]) -> None:
    """Write conversations to one portable file.

    With their files, their own settings, their metadata and the tags on them. NAME may also be files/NAME or
    settings/NAME; settings go along only if named. With --since the file continues what the other side has already.
    """
    with current.open() as store:
        done = store.export_bundle(file, names, since=since)
        text = f"{file}: {len(done.refs)} refs, {done.commits:,} commits, {done.objects:,} objects, {done.size:,} bytes"
        current.show({"file": str(file), **done._asdict()}, text)


@click.command(cls=PlainCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--prefix", metavar="TEXT", default="", help="Put in front of every name.")
@click.option(
    "--on-diverged",
    type=click.Choice(["refuse", "fork"]),
    default="refuse",
    help="What to do with a name that has another history here (default: refuse).",
)
@click.option("--redact", is_flag=True, help="Erase here what was redacted there.")
@click.option("--check", is_flag=True, help="Only read and check the file.")
@session
def unbundle(current: Session, file: Path, prefix: str, on_diverged: OnDiverged, redact: bool, check: bool) -> None:
    """Bring in a file that `bundle` wrote.

    Everything is verified. Doing it again changes nothing, and goes on where an interrupted one ended.
    """
    with current.open() as store:
        if check:
            found = store.check_bundle(file)
            for name, oid in found.refs:
                current.show({"ref": name, "head": oid.hex()}, f"{oid.hex()[:12]}  {name}")
            needs = [oid.hex() for oid in found.needs]
            more = f", to continue {len(needs)} commits" if needs else ""
            current.show({"objects": found.objects, "needs": needs}, f"whole: {found.objects:,} objects{more}")
            return
        done = store.import_bundle(file, prefix=prefix, on_diverged=on_diverged, redact=redact)
        for ref in done.refs:
            current.show(ref._asdict(), f"{ref.outcome:<6}  {ref.name}")
        offered = sum(ref.outcome == "offered" for ref in done.refs)
        if offered and not current.as_json:
            current.warn(f"{plural(offered, 'event')} that were redacted there are here. To erase them: --redact")
        facts = {"objects": done.objects, "added": done.added}
        current.show(facts, f"{done.added:,} of {done.objects:,} objects were new")
