"""`objstore conversations redact` and `redactions`: take the content of events away for good, and tell what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session, time_text
from objstore.cli.wording import plural, quoted

if TYPE_CHECKING:
    from objstore.objects.tombstones import Tombstone


@click.command(cls=PlainCommand)
@click.argument("moment", shell_complete=complete("conversations"))
@click.option("--reason", metavar="TEXT", required=True, help="Why: everybody who meets the gap will read it.")
@click.option("--apply", "apply", is_flag=True, help="Do it; without it the event is only shown.")
@session
def redact(current: Session, moment: str, reason: str, apply: bool) -> None:
    """Take the content of one event away for good.

    MOMENT names it as show does: c1#3 is the third event of c1. Its bytes are erased from the whole store, forks,
    packs and search index included; ids and numbers stay. It cannot be undone, so look first, then add --apply.
    Backups, bundles and clones made before still have it.
    """
    from objstore.cli.showing import show_event
    from objstore.errors import RedactedEvent
    from objstore.repository.revisions import parse_moment

    parsed = parse_moment(moment)
    with current.open() as store:
        view = store.view(moment)
        if parsed.path is not None or not len(view) or parsed.steps[-1:] != (("events", str(len(view))),):
            raise click.UsageError(f"{moment} is no event. The third event of c1 is written c1#3.")
        number = len(view) - 1
        if apply:
            (made,) = store.redact(moment, reason=reason)
            current.show(_facts(made, number), f"Redacted {moment}. Its content is gone for good")
            return
        try:
            event = view[number]
        except RedactedEvent:
            event = view[number:][0]
        show_event(current, number, event)
        if not current.as_json:
            current.say(f"Nothing was changed. To redact it for good: add --apply to this command ({quoted(moment)})")


@click.command(cls=PlainCommand)
@session
def redactions(current: Session) -> None:
    """List the events that were redacted, by whom, when and why."""
    with current.open() as store:
        found = sorted(store.redactions(), key=lambda item: item.time)
        for item in found:
            line = f"{item.event.hex()[:12]}  {time_text(item.time)}  {item.author}  {item.reason}"
            current.row(_facts(item, None), line)
        if not current.as_json:
            current.say(f"{plural(len(found), 'redaction')}." if found else "Nothing was redacted.")


def _facts(item: Tombstone, number: int | None) -> dict[str, object]:
    facts: dict[str, object] = {"redacted": item.event.hex(), "commit": item.commit.hex()}
    if number is not None:
        facts["event"] = number
    return {**facts, "by": item.author, "time": item.time, "reason": item.reason}
