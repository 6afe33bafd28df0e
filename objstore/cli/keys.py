"""`objstore keys …`: the keys that seal this store's secrets, those that sign, and who opens an encrypted store."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from objstore.cli.exit_codes import ERROR
from objstore.cli.lazy_group import PlainGroup
from objstore.cli.session import Session, session
from objstore.cli.values import keys_told


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """Keys of secrets, signers, members of an encrypted store.

    Keys of secrets and of signatures lie in the user's key folder: OBJSTORE_KEYS, or objstore/keys below
    XDG_CONFIG_HOME or ~/.config. Without a command: list.
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


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@session
def identity(current: Session, file: Path) -> None:
    """Make an identity in FILE, or print the public key of one.

    Its owner opens every store that it is a member of: keep it, and show it to nobody. The public key may be passed on.
    """
    from objstore.keys.identity import Identity, public_text, read_identity, write_identity

    made = not file.exists()
    if made:
        write_identity(file, Identity(os.urandom(32)))
    text = public_text(read_identity(file).public)
    current.show({"key": text, "made": made}, text)


@keys.command()
@session
def members(current: Session) -> None:
    """List who opens this encrypted store."""
    with current.open() as store:
        if store.members.has_passphrase():
            current.show({"name": None, "key": "passphrase"}, "passphrase")
        for each in store.members.list():
            current.show(each._asdict(), f"{each.key}  {each.name}")


@keys.command("add-member")
@click.argument("name")
@click.argument("key", metavar="PUBLIC-KEY")
@session
def add_member(current: Session, name: str, key: str) -> None:
    """Let the identity of PUBLIC-KEY open this store."""
    with current.open() as store:
        store.members.add(name, key)
    current.show({"added": name}, f"{name} opens this store now")


@keys.command("remove-member")
@click.argument("who")
@session
def remove_member(current: Session, who: str) -> None:
    """Let WHO (a name or public key) open this store no more.

    What is written from now on is sealed with a key that WHO never had. What was written before WHO may have kept.
    Processes that have the store open have to open it again.
    """
    with current.open() as store:
        store.members.remove(who)
    current.show({"removed": who}, f"{who} opens this store no more")


@keys.command()
@click.option("--new", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="It is in this file.")
@session
def passphrase(current: Session, new: Path | None) -> None:
    """Set the passphrase that opens this encrypted store.

    It is asked for, unless --new names a file.
    """
    from objstore.cli.exit_codes import USAGE
    from objstore.cli.failed import Failed
    from objstore.cli.unlocking import asked_secret

    with current.open() as store:
        text = asked_secret(twice=True).passphrase if new is None else new.read_text("utf-8").removesuffix("\n")
        if not text:
            raise Failed("No new passphrase was given: --new FILE, or at a terminal", USAGE)
        store.members.set_passphrase(text)
    current.show({"changed": True}, "The new passphrase opens this store now")


@keys.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@session
def save(current: Session, file: Path) -> None:
    """Copy the key store of this encrypted store to FILE.

    No backup has it, and without it nothing of the store or of its backups can be read. To put it back, copy FILE to the
    file `keystore` of the store.
    """
    with current.open() as store:
        store.members.save(file)
    current.show({"saved": str(file)}, f"The key store is in {file}; it opens for whom it opened so far")
