"""`objstore conversations follow`: events as they come."""

from __future__ import annotations

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session


@click.command(cls=PlainCommand)
@click.argument("name", shell_complete=complete("conversations"))
@click.option("--after", type=click.IntRange(min=0), metavar="N", help="Begin after N events (default: with the next).")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="S", help="End after S seconds without news.")
@session
def follow(current: Session, name: str, after: int | None, timeout: float | None) -> None:
    """Print events as others append them.

    If the head is rewound, replaced, deleted or made again, that is said, with how many of the events still count. Ends
    with Ctrl-C.
    """
    from objstore.cli.showing import show_event
    from objstore.conversations.follow import HeadMoved

    with current.open() as store, store.conversations.open(name).follow(after=after, timeout=timeout) as news:
        for item in news:
            if not isinstance(item, HeadMoved):
                show_event(current, item.number, item.value)
                continue
            facts = {
                "moved": item.how,
                "events": item.events,
                "dropped": item.dropped,
                "head": None if item.head is None else item.head.id,
                "who": item.who,
                "why": item.why,
            }
            text = f"-- {item.how} by {item.who} ({item.why}): {item.events} events stay, {item.dropped} do not count"
            current.show(facts, text, "bold yellow")
