"""What opens an encrypted store: an identity file, a passphrase in a file, or one that is asked for at the terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from objstore.cli.exit_codes import USAGE
from objstore.cli.failed import Failed

if TYPE_CHECKING:
    from objstore.store import Store

KEY = "OBJSTORE_KEY"
PASSPHRASE_FILE = "OBJSTORE_PASSPHRASE_FILE"


class Secret(NamedTuple):
    """One of the two, or neither."""

    passphrase: str | None = None
    key: Path | None = None


def open_unlocked(place: Path, author: str, lock_timeout: float | None = None, accept_older: bool = False) -> Store:
    """Open a store, with what opens it if it is encrypted. KeyNeeded and its kin; Failed, NotAStore and theirs."""
    import objstore

    def opened(passphrase: str | None = None, key: Path | None = None) -> Store:
        return objstore.open(
            place,
            author=author,
            lock_timeout=lock_timeout,
            accept_older=accept_older,
            passphrase=passphrase,
            key=key,
        )

    try:
        return opened()
    except objstore.KeyNeeded:
        passphrase, key = given_secret() or asked_secret()
        if passphrase is None and key is None:
            raise
    return opened(passphrase, key)


def given_secret() -> Secret | None:
    """What the environment names. Failed: a file of a passphrase that is empty; OSError."""
    key = os.environ.get(KEY)
    if key:
        return Secret(key=Path(key))
    file = os.environ.get(PASSPHRASE_FILE)
    if not file:
        return None
    with open(file, encoding="utf-8") as opened:
        text = opened.read().removesuffix("\n").removesuffix("\r")
    if not text:
        raise Failed(f"{file} is empty; it takes a passphrase", USAGE)
    return Secret(passphrase=text)


def asked_secret(*, twice: bool = False) -> Secret:
    """A passphrase typed at the terminal, `twice` if it is a new one; nothing if there is no terminal."""
    if not sys.stdin.isatty():
        return Secret()
    return Secret(passphrase=click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))


def new_secret() -> Secret:
    """What a new store shall be opened by. Failed: nothing was given, and there is no terminal."""
    found = given_secret() or asked_secret(twice=True)
    if found == Secret():
        raise Failed(f"Nothing to open it by. Name a file: {PASSPHRASE_FILE}, or {KEY} (objstore keys identity)", USAGE)
    return found
