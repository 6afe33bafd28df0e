"""`objstore settings …`: settings by name, and with --conversation those of a conversation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from objstore.cli.session import Session, session
from objstore.cli.targets import TargetGroup, at_option, target
from objstore.cli.values import json_or_text, pairs

if TYPE_CHECKING:
    from objstore.settings.settings import Settings
    from objstore.settings.view import SettingsView
    from objstore.store import Store


@click.group(cls=TargetGroup, invoke_without_command=True)
@click.pass_context
def settings(context: click.Context) -> None:
    """List, get, set, unset, resolve.

    Settings with a history: settings/NAME, or with --conversation a conversation's own. Without a command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@settings.command("list")
@target("settings", required=False)
@at_option
@session
def list_(
    current: Session, name: str | None = None, conversation: str | None = None, at: int | str | None = None
) -> None:
    """List the settings of NAME, or what names there are."""
    with current.open() as store:
        if name is None and conversation is None:
            for each in store.settings.find():
                keys = sum(1 for _ in store.settings.open(each))
                current.show({"name": each, "keys": keys}, f"{keys:>7}  {each}")
            return
        for key, value in _view(_open(store, name, conversation), at).values().items():
            current.show({"key": key, "value": value}, f"{key} = {_json(value)}")


@settings.command()
@target("settings")
@click.argument("key")
@at_option
@session
def get(current: Session, key: str, at: int | str | None, conversation: str | None, name: str | None = None) -> None:
    """Print the value of KEY: text as it is, anything else as JSON."""
    with current.open() as store:
        value = _view(_open(store, name, conversation), at).get(key)
        current.show({"key": key, "value": value}, value if isinstance(value, str) else _json(value))


@settings.command("set")
@target("settings")
@click.argument("key")
@click.argument("value")
@click.option("--text", is_flag=True, help="VALUE is text even if it could be JSON.")
@click.option("--create", is_flag=True, help="Make settings/NAME, or the conversation, if it is not there.")
@session
def set_(
    current: Session,
    key: str,
    value: str,
    text: bool,
    create: bool,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Set KEY to VALUE: JSON if it is, else text."""
    from objstore.objects.values import plain
    from objstore.settings.view import check_setting_key

    # Before anything is made: what is refused leaves no empty settings behind.
    parsed = plain(value if text else json_or_text(value), check_setting_key(key))
    with current.open() as store:
        _open(store, name, conversation, create).set(key, parsed)
        current.show({"key": key, "value": parsed}, f"{key} = {_json(parsed)}")


@settings.command()
@target("settings")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@session
def unset(current: Session, keys: tuple[str, ...], conversation: str | None, name: str | None = None) -> None:
    """Remove keys, in one commit."""
    with current.open() as store:
        with _open(store, name, conversation).commit(why="unset") as draft:
            for key in keys:
                draft.unset(key)
        current.show({"unset": list(keys)}, f"unset {', '.join(keys)}")


@settings.command()
@target("settings")
@click.option(
    "--default", "defaults", metavar="KEY=VALUE", multiple=True, help="What counts where nothing else says so."
)
@click.option("--override", "overrides", metavar="KEY=VALUE", multiple=True, help="What counts above all.")
@click.option(
    "--env-prefix", metavar="PREFIX", help="Ask the environment: with APP_, for llm.model it is APP_LLM_MODEL."
)
@at_option
@session
def resolve(
    current: Session,
    defaults: tuple[str, ...],
    overrides: tuple[str, ...],
    env_prefix: str | None,
    at: int | str | None,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Print what counts for each key, and where it came from.

    Defaults give way to what is stored, that to the environment, that to overrides.
    """
    low, high = pairs(defaults, "--default"), pairs(overrides, "--override")
    with current.open() as store:
        view = _view(_open(store, name, conversation), at)
        for key, found in view.resolve(low, env_prefix=env_prefix, overrides=high).items():
            facts = {"key": key, "value": found.value, "source": found.source}
            current.show(facts, f"{key} = {_json(found.value)}  ({found.source})")


def _open(store: Store, name: str | None, conversation: str | None, create: bool = False) -> Settings:
    if conversation is not None:
        return store.conversations.open(conversation, create=create).settings
    assert name is not None, "without --conversation the argument is required"
    return store.settings.open(name, create=create)


def _view(found: Settings, at: int | str | None) -> SettingsView:
    return found.at("~0" if at is None else at)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
