"""`objstore keys …`: the keys that seal this store's secrets, and those that sign."""

from __future__ import annotations

import sys

import click

from objstore.cli.exit_codes import ERROR
from objstore.cli.lazy_group import PlainGroup
from objstore.cli.session import Session, session
from objstore.cli.values import keys_told


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """List, rotate, recover, destroy keys; say whom to trust.

    They lie in the user's key folder: OBJSTORE_KEYS, or objstore/keys below XDG_CONFIG_HOME or ~/.config. Without a
    command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@keys.command("list")
@session
def list_(current: Session) -> None:
    """List this store's keys, the oldest first; the last one seals."""
    with current.open() as store:
        found = store.keys.find()
        for each in found:
            shown = f"recovery code shown {each.shown}" if each.shown else "no recovery code shown yet"
            seals = "seals" if each.current else "opens"
            current.show(each._asdict(), f"epoch {each.epoch:<4} {seals}  {shown}  {each.place}")
        if not found and not current.as_json:
            current.say("No key yet. The first secret makes one: objstore settings set-secret NAME KEY")


@keys.command()
@session
@click.pass_context
def rotate(context: click.Context, current: Session) -> None:
    """Make a new key and seal the secrets of all heads with it.

    Older moments still open with the old keys, which stay until they are destroyed. The new key has a recovery code of
    its own. A secret that cannot be opened is told, left as it is, and the exit code is 1.
    """
    with current.open() as store, keys_told(current):
        done = store.keys.rotate()
    facts = {"epoch": done.epoch, "refs": done.refs, "left_out": [each._asdict() for each in done.left_out]}
    current.show(facts, f"Epoch {done.epoch} seals now; {len(done.refs)} refs have their secrets sealed anew")
    for each in done.left_out:
        current.warn(f"objstore: {each.ref}, {each.key} is left as it is: {each.reason}")
    if done.left_out:
        context.exit(ERROR)


@keys.command()
@click.option("--again", is_flag=True, help="Also those that were shown before.")
@session
def recovery(current: Session, again: bool) -> None:
    """Print a recovery code for each key, once.

    Who has the code has the key: keep it off this machine, on paper or in a password manager.
    """
    with current.open() as store:
        codes = store.keys.recovery_codes(again=again)
        for code in codes:
            current.show({"code": code}, code)
        if not codes and not current.as_json:
            current.say("No key yet. The first secret makes one: objstore settings set-secret NAME KEY")


@keys.command()
@session
def recover(current: Session) -> None:
    """Restore keys from recovery codes.

    They are read from standard input, one a line, or from the terminal, unseen.
    """
    if sys.stdin.isatty():
        codes = [click.prompt("Recovery code", hide_input=True)]
    else:
        codes = [line for line in sys.stdin.read().splitlines() if line.strip()]
    with current.open() as store:
        for name in store.keys.recover(codes):
            current.show({"recovered": name}, f"Key {name} is here again")


@keys.command()
@click.argument("epoch", type=click.IntRange(min=1))
@click.option("--yes", is_flag=True, help="Do not ask.")
@session
def destroy(current: Session, epoch: int, yes: bool) -> None:
    """Destroy the key of an old EPOCH for ever.

    What it sealed in older moments cannot be read any more. Refused while a head needs it. Recovery codes and copies of the file still open what it sealed. A file system may
    keep traces of an overwritten file: where that matters, change the secrets too.
    """
    if not yes:
        click.confirm(f"Destroy the key of epoch {epoch} for ever?", abort=True, err=True)
    with current.open() as store:
        for name in store.keys.destroy(epoch):
            current.show({"destroyed": name}, f"Key {name} is destroyed")


@keys.command()
@session
def signers(current: Session) -> None:
    """List whose signatures are trusted.

    The first is the user's own key, made if there is none; give it to those who are to trust what you sign.
    """
    with current.open(accept_older=True) as store:
        store.signers.own()
        for each in store.signers.find():
            current.show(each._asdict(), f"{each.key}  {each.name}")


@keys.command()
@click.argument("key")
@click.argument("name")
@session
def trust(current: Session, key: str, name: str) -> None:
    """Trust what KEY signs, in every store, as signed by NAME.

    KEY is ed25519- and 64 hex digits, as `keys signers` prints it for its owner. Ask the owner whether it is theirs.
    """
    with current.open(accept_older=True) as store:
        store.signers.trust(key, name)
    current.show({"trusted": key, "name": name}, f"What {key[:20]}… signs is trusted now, as signed by {name}")


@keys.command()
@click.argument("key")
@session
def distrust(current: Session, key: str) -> None:
    """Trust KEY no more."""
    with current.open(accept_older=True) as store:
        was = store.signers.distrust(key)
    text = f"{key[:20]}… is trusted no more" if was else f"{key[:20]}… was not trusted"
    current.show({"distrusted": key, "was": was}, text)
