"""`objstore merge`: one conversation's events, files and settings into another, or what stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.moves import show_move
from objstore.cli.session import Session, session
from objstore.cli.wording import plural, quoted

if TYPE_CHECKING:
    from objstore.conversations.conversation import Conversation
    from objstore.conversations.merging import Choice
    from objstore.repository.merge_trees import Side

_SIDES = ("ours", "theirs")


@click.command(cls=PlainCommand)
@click.argument("name", shell_complete=complete("conversations"))
@click.argument("moment", shell_complete=complete("conversations"))
@click.option("--prefer", type=click.Choice(_SIDES), help="Whose lines, files and settings count in a conflict.")
@click.option(
    "--settle",
    "settled",
    nargs=2,
    multiple=True,
    metavar="KEY HOW",
    help="Settle one conflict: by ours, theirs, or the content of @FILE; may be repeated.",
)
@click.option("--conflicts", is_flag=True, help="Show what is in conflict, with both sides, and merge nothing.")
@session
def merge(
    current: Session, name: str, moment: str, prefer: Side | None, settled: tuple[tuple[str, str], ...], conflicts: bool
) -> None:
    """Append to NAME the events of another conversation.

    Those that MOMENT (another name, or c1#3) has and NAME does not; files and settings are merged against the last
    common moment, texts line by line. If both sides changed the same lines or settings, exit code 4 says which, as KEYs.
    """
    if conflicts and (prefer or settled):
        raise click.UsageError("--conflicts shows, it does not settle: leave --prefer and --settle out.")
    with current.open() as store:
        conversation = store.conversations.open(name)
        if conflicts:
            _show_conflicts(current, conversation, moment)
            return
        was = conversation.head
        conversation.merge(moment, prefer=prefer, settle={key: _choice(how) for key, how in settled})
        show_move(current, store, name, was, f"objstore undo {quoted(name)}")


def _choice(how: str) -> Choice:
    if how == "ours" or how == "theirs":
        return how
    if how.startswith("@"):
        return Path(how[1:]).read_bytes()
    raise click.UsageError(f"--settle KEY {how}: HOW is ours, theirs or @FILE.")


def _show_conflicts(current: Session, conversation: Conversation, moment: str) -> None:
    found = conversation.conflicts(moment)
    for item in found:
        sides = {side: entry is not None for side, entry in zip(("base", *_SIDES), item[1:4], strict=True)}
        current.show({"key": item.key, "has": sides, "text": item.text}, item.key, "bold")
        if item.text is not None and not current.as_json:
            current.say(item.text.removesuffix("\n"))
    if not current.as_json:
        current.say(f"{plural(len(found), 'conflict')}; nothing was merged." if found else "No conflicts.")
