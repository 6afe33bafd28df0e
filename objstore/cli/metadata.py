"""`objstore conversations metadata` and `edit`: what a conversation says about itself, and histories with another event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session, time_text

if TYPE_CHECKING:
    from objstore.conversations.metadata import MetadataDraft, MetadataView

_name = click.argument("name", shell_complete=complete("conversations"))


@click.command(cls=PlainCommand)
@_name
@click.argument("changes", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--title", metavar="TEXT", help="Set the title; an empty one removes it.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Add a tag; may be repeated.")
@click.option("--untag", "untags", metavar="TAG", multiple=True, help="Remove a tag; may be repeated.")
@click.option("--unset", "unset", metavar="KEY", multiple=True, help="Remove a free key; may be repeated.")
@session
def metadata(
    current: Session,
    name: str,
    changes: tuple[str, ...],
    title: str | None,
    tags: tuple[str, ...],
    untags: tuple[str, ...],
    unset: tuple[str, ...],
) -> None:
    """Show or set title, tags and free keys.

    A VALUE is JSON, or text where it is none. All changes make one commit, which adds no event. Without changes NAME may
    be a moment (c1#3): what stood there then.
    """
    with current.open() as store:
        if not (changes or tags or untags or unset or title is not None):
            _show(current, store.view(name).metadata)
            return
        conversation = store.conversations.open(name)
        with conversation.commit() as draft:
            _change(draft.metadata, changes, title, unset)
            draft.metadata.add_tags(*tags)
            draft.metadata.remove_tags(*untags)
        _show(current, conversation.metadata.now())


def _change(draft: MetadataDraft, changes: tuple[str, ...], title: str | None, unset: tuple[str, ...]) -> None:
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise click.BadParameter(f"{change!r} has no =", param_hint="KEY=VALUE")
        draft.set(key, _value(text))
    if title is not None:
        draft.set("title", title)
    for key in unset:
        draft.unset(key)


def _value(text: str) -> object:
    from objstore.importers.strict_json import BadJson, parse

    try:
        return parse(text.encode("utf-8", "surrogateescape"))
    except BadJson:
        return text


def _show(current: Session, view: MetadataView) -> None:
    values = view.values()
    if current.as_json:
        current.show(values, "")
        return
    for key, value in values.items():
        if key in ("created", "changed") and isinstance(value, int):
            current.say(f"{key} = {time_text(value)}")
        else:
            current.say(f"{key} = {json.dumps(value, ensure_ascii=False)}")


@click.command(cls=PlainCommand)
@_name
@click.argument("number", type=click.IntRange(min=1))
@click.argument("event")
@click.option("--as", "new_name", metavar="NAME", help="What the edited conversation is called (default: a new name).")
@click.option("--carry", is_flag=True, help="Let the events after it follow.")
@session
def edit(current: Session, name: str, number: int, event: str, new_name: str | None, carry: bool) -> None:
    """Fork NAME with another event in one place.

    Event NUMBER, counted from 1 as `show` does, becomes EVENT (JSON). What came after it is left out, or follows with
    --carry. NAME itself stays as it is.
    """
    from objstore.importers.strict_json import BadJson, parse

    try:
        value = parse(event.encode("utf-8", "surrogateescape"))
    except BadJson as error:
        raise click.BadParameter(f"it {error}", param_hint="EVENT") from None
    with current.open() as store:
        made = store.conversations.open(name).edit(number - 1, value, new_name, carry=carry)
        current.show({"name": made.name, "events": len(made)}, f"{made.name} has {len(made)} events")
