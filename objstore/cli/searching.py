"""`objstore search`: full text over the events of all conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session, time_text
from objstore.cli.terminal import visible
from objstore.cli.wording import plural

if TYPE_CHECKING:
    from objstore.index.excerpt import Excerpt
    from objstore.index.finder import Hit
    from objstore.index.search_index import CaughtUp


@click.command(cls=PlainCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--in",
    "prefix",
    metavar="PREFIX",
    default="",
    help="Only conversations whose names begin so.",
    shell_complete=complete("conversations"),
)
@click.option("--role", metavar="ROLE", help="Only what a role said: user, assistant, tool, system.")
@click.option("--tool", metavar="NAME", help="Only calls and answers of a tool.")
@click.option("--since", metavar="TIME", help='Only events of this time or later: 2026-11-01, "2 hours ago".')
@click.option("--until", metavar="TIME", help="Only events before this time.")
@click.option("--at", metavar="MOMENT", help="As of a moment (c1#30: in that history alone) or of a time.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=10, metavar="N", help="At most so many (default: 10)."
)
@click.option("--offset", type=click.IntRange(min=0), default=0, metavar="N", help="Leave out the first so many.")
@click.option("--catch-up", is_flag=True, help="Without a QUERY: only bring the index up to date.")
@session
def search(
    current: Session,
    query: tuple[str, ...],
    prefix: str,
    role: str | None,
    tool: str | None,
    since: str | None,
    until: str | None,
    at: str | None,
    limit: int,
    offset: int,
    catch_up: bool,
) -> None:
    """Find events by the words in them, the best first.

    QUERY is words (all must be there), '"a phrase"', a beginning (conf*), AND, OR, NOT and parentheses. Each hit is
    shown with the moment right after it (c1#17), which `show` and `fork` understand, and an excerpt.
    """
    if not query and not catch_up:
        raise click.UsageError("Give a QUERY, or --catch-up.")
    with current.open() as store:
        caught = store.conversations.catch_up()
        for name in caught.unreadable:
            current.warn(
                f"objstore: {name} cannot be searched, something of it is missing or damaged. Run: objstore doctor"
            )
        if not query:
            _show_caught_up(current, caught)
            return
        hits = store.conversations.search(
            " ".join(query),
            prefix=prefix,
            role=role,
            tool=tool,
            since=since,
            until=until,
            at=at,
            limit=limit,
            offset=offset,
        )
    for hit in hits:
        _show_hit(current, hit)
    if not hits:
        current.warn("objstore: nothing was found" if not offset else "objstore: there is no more")


def _show_caught_up(current: Session, caught: CaughtUp) -> None:
    text = f"{plural(caught.events, 'event')} of {plural(caught.conversations, 'conversation')} taken up"
    current.show({**caught._asdict(), "unreadable": list(caught.unreadable)}, text)


def _show_hit(current: Session, hit: Hit) -> None:
    if current.as_json:
        facts = {**hit._asdict(), "moment": hit.moment, "oid": hit.oid.hex()}
        current.show({**facts, "excerpt": hit.excerpt.text, "marks": hit.excerpt.marks}, "")
        return
    others = len(hit.places) - 1
    more = f" and {plural(others, 'other')}{' or more' if hit.more else ''}" if others else ""
    about = "".join(f" {part}" for part in (hit.role, ", ".join(hit.tools)) if part)
    current.say(f"{hit.moment}{more} {about}  {time_text(hit.time)}", "yellow")
    click.echo("    " + _marked(current, hit.excerpt), color=current.terminal.colours)


def _marked(current: Session, excerpt: Excerpt) -> str:
    """An excerpt in whose words that were looked for stand out on a terminal."""
    shown, at = "", 0
    for start, stop in excerpt.marks:
        shown += visible(excerpt.text[at:start]) + current.terminal.styled(visible(excerpt.text[start:stop]), "bold")
        at = stop
    return shown + visible(excerpt.text[at:])
