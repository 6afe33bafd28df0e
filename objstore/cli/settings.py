"""`objstore settings …`: settings by name, and with --conversation those of a conversation."""

from __future__ import annotations

import click

from objstore.cli import settings_history, settings_text
from objstore.cli.session import Session, session
from objstore.cli.settings_target import open_settings, view_of
from objstore.cli.targets import TargetGroup, at_option, target
from objstore.cli.values import for_json, for_people, hidden_input, json_or_text, keys_told, pairs


@click.group(cls=TargetGroup, invoke_without_command=True)
@click.pass_context
def settings(context: click.Context) -> None:
    """List, get, set, unset, resolve, merge, import, export.

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
        for key, value in view_of(open_settings(store, name, conversation), at).values().items():
            current.show({"key": key, "value": for_json(value)}, f"{key} = {for_people(value)}")


@settings.command()
@target("settings")
@click.argument("key")
@click.option("--reveal", is_flag=True, help="Show a secret.")
@at_option
@session
def get(
    current: Session,
    key: str,
    reveal: bool,
    at: int | str | None,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Print the value of KEY: text as it is, anything else as JSON.

    A secret is masked, unless --reveal.
    """
    from objstore.settings.secret import Secret

    with current.open() as store:
        value = view_of(open_settings(store, name, conversation), at).get(key)
        if reveal and isinstance(value, Secret):
            value = value.reveal()
        current.show({"key": key, "value": for_json(value)}, value if isinstance(value, str) else for_people(value))


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
    from objstore.settings.keys import check_setting_key

    # Before anything is made: what is refused leaves no empty settings behind.
    parsed = plain(value if text else json_or_text(value), check_setting_key(key))
    with current.open() as store:
        open_settings(store, name, conversation, create).set(key, parsed)
        current.show({"key": key, "value": parsed}, f"{key} = {for_people(parsed)}")


@settings.command("set-secret")
@target("settings")
@click.argument("key")
@click.option("--create", is_flag=True, help="Make settings/NAME, or the conversation, if it is not there.")
@session
def set_secret(current: Session, key: str, create: bool, conversation: str | None, name: str | None = None) -> None:
    """Set KEY to a secret, which is sealed and masked.

    It is read unseen from the terminal, or from standard input. It is sealed with the store's key in the user's key folder (objstore keys).
    """
    from objstore.settings.keys import check_setting_key

    check_setting_key(key)
    with current.open() as store, keys_told(current):
        found = open_settings(store, name, conversation, create)
        found.set_secret(key, hidden_input(f"Secret for {key}"))
        current.show({"key": key, "value": {"$secret": key}}, f"{key} is set")


@settings.command()
@target("settings")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@session
def unset(current: Session, keys: tuple[str, ...], conversation: str | None, name: str | None = None) -> None:
    """Remove keys, in one commit."""
    with current.open() as store:
        with open_settings(store, name, conversation).commit(why="unset") as draft:
            for key in keys:
                draft.unset(key)
        current.show({"unset": list(keys)}, f"unset {', '.join(keys)}")


@settings.command()
@target("settings")
@click.option(
    "--default", "defaults", metavar="KEY=VALUE", multiple=True, help="What counts where nothing else says so."
)
@click.option(
    "--inherit", "inherited", metavar="NAME", multiple=True, help="Settings below NAME's, the general ones first."
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
    inherited: tuple[str, ...],
    overrides: tuple[str, ...],
    env_prefix: str | None,
    at: int | str | None,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Print what counts for each key, and where it came from.

    Defaults give way to what is stored, that to the environment, that to overrides. What --inherit names gives way to
    NAME; of each value the scope is told.
    """
    if inherited and at is not None:
        raise click.UsageError("--inherit reads what is now; --at is of one NAME.")
    low, high = pairs(defaults, "--default"), pairs(overrides, "--override")
    with current.open() as store:
        top = open_settings(store, name, conversation)
        read = store.settings.chain(*inherited, top) if inherited else view_of(top, at)
        for key, found in read.resolve(low, env_prefix=env_prefix, overrides=high).items():
            commit = None if found.commit is None else found.commit.hex()
            facts = {"key": key, "value": for_json(found.value), "source": found.source, "scope": found.scope}
            where = " ".join(filter(None, (found.source, found.scope)))
            current.show({**facts, "commit": commit}, f"{key} = {for_people(found.value)}  ({where})")


for command in (*settings_history.COMMANDS, *settings_text.COMMANDS):
    settings.add_command(command)
