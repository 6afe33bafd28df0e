"""The command `gc`."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session

_AGE = re.compile(r"(\d{1,6})([smhdwy])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_557_600}


class Age(click.ParamType[timedelta]):
    """A length of time: 90d, 12h."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The time that a text gives."""
        if isinstance(value, timedelta):
            return value
        found = _AGE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no length of time. Write 90d, 12h, 30m (s, m, h, d, w, y).", param, ctx)
        return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


@click.command(cls=PlainCommand)
@click.option(
    "--expire-reflog", type=Age(), metavar="AGE", help="First forget what refs were longer ago than AGE, as 90d."
)
@click.option("-n", "--dry-run", is_flag=True, help="Only count what would go.")
@click.option("--thorough", is_flag=True, help="Give back all room at once, at the cost of writing more packs anew.")
@session
def gc(current: Session, expire_reflog: timedelta | None, dry_run: bool, thorough: bool) -> None:
    """Delete what no ref, log, tag or write under way reaches.

    Beside readers and writers; safe to interrupt. What a ref ever was is kept by its log until --expire-reflog; a tag
    keeps what it names for good. `objstore why` tells what keeps an object.
    """
    with current.open() as store:
        with current.working("Collecting"):
            done = store.gc(expire_reflog=expire_reflog, dry_run=dry_run, thorough=thorough)
        verb = "would be deleted" if dry_run else "deleted"
        text = f"{done.deleted:,} objects {verb}, {done.kept:,} kept"
        if expire_reflog is not None:
            text += f"; {done.expired:,} log entries {'would expire' if dry_run else 'expired'}"
        if not dry_run:
            text += f"; {done.before:,} bytes before, {done.after:,} after"
        current.show({"dry_run": dry_run, **done._asdict()}, text)
