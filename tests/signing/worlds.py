"""Stores to tamper with, and what somebody can do who may write all their files but has no key."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import objstore
from objstore.signing.verify import Verified

NAME = "conversations/c"


def make(place: Path, keys: Path, events: int = 5) -> Path:
    """A store with two conversations and files, signed and closed."""
    with objstore.open(place, create=True, keys=keys) as store:
        for name in ("c", "d"):
            conv = store.conversations.open(name, create=True)
            for number in range(events):
                conv.append({"n": number, "of": name})
        store.files.open("ws", create=True).write("a.txt", b"a")
    return place


def verified(place: Path, keys: Path) -> Verified:
    """What `verify` says."""
    with objstore.open(place, keys=keys, accept_older=True) as store:
        return store.verify()


def kinds(found: Verified) -> set[tuple[str, str]]:
    """The doubts as (kind, ref)."""
    return {(doubt.kind, doubt.ref) for doubt in found.doubts}


def in_journal(place: Path, *statements: str) -> None:
    """Change rows of a closed store."""
    with closing(sqlite3.connect(next(place.glob("journal-*.sqlite")))) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement


def rewritten(place: Path, scratch: Path, change: Callable[[list[Any]], list[Any]], name: str = "c") -> None:
    """Replace a conversation of a closed store by what `change` makes of its events: see `rewrite`."""
    with objstore.open(place, keys=scratch / "other", accept_older=True) as store:
        events = change(list(store.conversations.open(name)))
    rewrite(place, scratch / "other", name, [(event, "agent") for event in events])


def rewrite(place: Path, keys: Path, name: str, events: list[tuple[Any, str]]) -> None:
    """Replace a conversation by another history of (event, author), written by this very program with other keys.

    Every id, hash and chain is right. What cannot be made without the user's key is left as it was: the signed heads
    and the checkpoint. The store is closed.
    """
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh"
        objstore.open(fresh, create=True, keys=keys).close()
        for event, author in events:
            with objstore.open(fresh, keys=keys, author=author) as store:
                store.conversations.open(name, create=True).append(event)
        _transplant(fresh, place, f"conversations/{name}")


def _transplant(source: Path, target: Path, ref: str) -> None:
    """Move the log of a ref and all objects of one closed store into another, in place of the log there."""
    with closing(sqlite3.connect(next(target.glob("journal-*.sqlite")))) as into, into:
        into.execute("ATTACH ? AS other", (str(next(source.glob("journal-*.sqlite"))),))
        into.execute("INSERT INTO objects (oid, kind, domain, data) SELECT oid, kind, domain, data FROM other.objects")
        (number,) = into.execute("SELECT id FROM refs WHERE name = ?", (ref,)).fetchone()
        (theirs,) = into.execute("SELECT id FROM other.refs WHERE name = ?", (ref,)).fetchone()
        into.execute("DELETE FROM reflog WHERE ref = ?", (number,))
        columns = "block, txn, step, first, last, old, new, began, ended, who, why, before, chain"
        into.execute(
            f"INSERT INTO reflog (ref, {columns}) SELECT ?, {columns} FROM other.reflog WHERE ref = ? ORDER BY first",
            (number, theirs),
        )
        into.execute("UPDATE refs SET entry = (SELECT max(id) FROM reflog WHERE ref = ?1) WHERE id = ?1", (number,))
