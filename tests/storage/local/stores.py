"""A store with something of everything, and reading all that can be read of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import objstore
from objstore.errors import ObjstoreError
from objstore.objects.kinds import Oid
from objstore.storage.local.open_local import open_local
from objstore.storage.local.storage import LocalStorage


def fill(store: objstore.Store, directory: Path) -> None:
    """Conversations, files in a pack of their own, settings, a tag, deleted and rewound things."""
    directory.mkdir()
    for number in range(40):
        (directory / f"{number}.txt").write_text(f"line {number}\n" * 100 * (number + 1))
    conversation = store.conversations.create("c")
    conversation.append_many([{"n": number, "text": f"event {number} " * 20} for number in range(60)])
    conversation.fork("d", at=20).append({"n": "fork"})
    conversation.rewind(50)
    store.conversations.create("gone").append({"n": 0})
    store.conversations.delete("gone")
    store.files.create("ws").snapshot(directory)
    store.settings.create("user").update({"llm.model": "x", "llm.limit": 3})
    store.tags.create("v1", "c#10")


def copy_store(store: Path, to: Path) -> Path:
    """A copy of a closed store, in place of what was there."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(store, to)
    return to


def read_all(place: Path, read_only: bool = False) -> list[ObjstoreError]:
    """Open a store and read it in every way that a storage has; the errors that came. Others than ours are raised."""
    errors: list[ObjstoreError] = []

    def attempt(call: Callable[[], object]) -> None:
        try:
            call()
        except ObjstoreError as error:
            errors.append(error)

    try:
        opened = open_local(place, read_only=read_only)
    except ObjstoreError as error:
        return [error]
    with closing(opened) as storage:
        for call in _ways(storage):
            attempt(call)
    return errors


def _ways(storage: LocalStorage) -> list[Callable[[], object]]:
    refs = storage.refs
    names = ["conversations/c", "conversations/d", "conversations/gone", "files/ws", "settings/user", "tags/v1"]

    def read_values() -> None:
        for ref in refs.find():
            storage.read(Oid(ref.value))

    def read_objects() -> None:
        for oid, _, _ in storage.objects():
            storage.read(oid)

    ways: list[Callable[[], object]] = [
        lambda: list(refs.find()),
        lambda: list(refs.operations()),
        read_objects,
        lambda: list(storage.journal.ids()),
        lambda: storage.journal.size(),
        lambda: storage.find_ids(b"", False, 1000),
        read_values,
    ]
    for name in names:
        ways += [
            lambda name=name: refs.get(name),
            lambda name=name: list(refs.log(name)),
            lambda name=name: refs.entry_at(name, 1),
            lambda name=name: refs.entry_at_time(name, 1 << 60),
            lambda name=name: refs.verify(name),
        ]
    return ways
