"""`objstore conversations expire`: let old conversations go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session, time_text

if TYPE_CHECKING:
    from objstore.conversations.retention import Rule


@click.command(cls=PlainCommand)
@click.option("--prefix", metavar="TEXT", default="", help="Only conversations whose names begin so.")
@click.option("--keep-last", type=click.IntRange(min=0), metavar="N", help="Keep the N that changed last.")
@click.option("--keep-within", metavar="TIME", help='Keep those that changed within "30 days", "12h".')
@click.option("--keep-tag", "tags", metavar="TAG", multiple=True, help="Keep those with this tag; may be repeated.")
@click.option(
    "--rules",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rules for several prefixes, in TOML.",
)
@click.option("--apply", "apply", is_flag=True, help="Delete them; without it they are only listed.")
@session
def expire(
    current: Session,
    prefix: str,
    keep_last: int | None,
    keep_within: str | None,
    tags: tuple[str, ...],
    rules: Path | None,
    apply: bool,
) -> None:
    """List, or delete, conversations that may go.

    What meets none of the --keep options goes. FILE holds [[rule]] tables with prefix, keep_last, keep_within,
    keep_tags; the rule with the longest prefix counts. All are deleted in one operation, which undo takes back.
    """
    found = _rules(prefix, keep_last, keep_within, tags, rules)
    with current.open() as store:
        done = store.conversations.expire(found, dry_run=not apply)
        for item in done.conversations:
            facts = {"name": item.name, "events": item.events, "changed": item.changed, "head": item.head.hex()}
            line = f"{item.head.hex()[:12]}  {item.events:>7}  {time_text(item.changed)}  {item.name}"
            current.show({**facts, "deleted": apply}, line)
        count = len(done.conversations)
        if done.operation is None:
            word = "Nothing to let go." if not count else f"{count:,} may go. To delete them, add --apply"
        else:
            word = f"{count:,} deleted. To bring them back: objstore undo --operation {done.operation}"
        if not current.as_json:
            current.say(word)


def _rules(
    prefix: str, keep_last: int | None, keep_within: str | None, tags: tuple[str, ...], file: Path | None
) -> list[Rule]:
    from objstore.conversations.retention import Rule, parse_period, parse_rules

    if file is not None:
        if prefix or tags or keep_last is not None or keep_within is not None:
            raise click.UsageError("--rules stands alone: FILE says prefixes and what is kept.")
        return parse_rules(file.read_text(encoding="utf-8"))
    if keep_last is None and keep_within is None:
        raise click.UsageError("Say what is kept: --keep-last N, --keep-within TIME, or --rules FILE.")
    period = None if keep_within is None else parse_period(keep_within, "--keep-within")
    return [Rule(prefix, keep_last, period, tags)]
