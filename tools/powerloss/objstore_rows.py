"""Rows of objstore: each promises that nothing acknowledged is lost and that all of the store can be read.

Every check opens the store as a user would after the crash, compares each conversation with the events acknowledged,
reads every object and every ref's log, appends something, and finds it after opening once more. The keys lie on the
same disk, so that what is remembered of a store is cut off with it, and must never be ahead of it.
"""

# ruff: noqa: ARG002  (each row uses what it needs of one signature)
from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import objstore
from objstore.errors import NotAStore, UnknownConversation, UnknownWorkspace
from tools.powerloss.recording import Acknowledge
from tools.powerloss.rows import GONE, Row, Verdict, common_prefix, event_text

_LATER = {"text": "after the crash"}


class ObjstoreRow:
    """What the rows have in common: the store's place, and everything that a check does beside its own events."""

    name = ""
    promise = True
    control = False

    def work(self, root: Path, ack: Acknowledge) -> None:
        with objstore.open(root / "store", create=True, keys=root / "keys") as store:
            self.run(store, root, ack)

    def run(self, store: objstore.Store, root: Path, ack: Acknowledge) -> None:
        """The workload proper."""
        raise NotImplementedError

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        """How many of the events are there, and whether what is there is whole."""
        raise NotImplementedError

    def check(self, root: Path, acked: dict[int, int]) -> Verdict:
        return self.check_store(root / "store", acked)

    def check_store(self, place: Path, acked: dict[int, int]) -> Verdict:
        """Open one store after the crash, and go over it."""
        try:
            store = objstore.open(place, keys=place.parent / "keys")
        except NotAStore:
            if acked:
                return Verdict(0, GONE)
            store = objstore.open(place, create=True, keys=place.parent / "keys")
        with store:
            verdict = self.held(store, acked)
            _read_everything(store)
            heads = set(store.refs.find())
            later = store.conversations.open("later", create=True)
            later.append(_LATER)
        with objstore.open(place, keys=place.parent / "keys") as store:
            assert list(store.conversations.open("later")) == [_LATER], "a later append is lost"
            assert heads <= set(store.refs.find()), "opening the store again moved a ref"
        return verdict


def _read_everything(store: objstore.Store) -> None:
    """Every object, verified against its id, and every ref's log, verified against its chain."""
    storage = store.storage
    for oid, kind, size in storage.objects():
        obj = storage.read(oid)
        assert (obj.kind, len(obj.payload)) == (kind, size), f"object {oid.hex()} is not as listed"
    for ref in storage.refs.find():
        storage.refs.verify(ref.name)
    for damage in store.check():
        raise AssertionError(f"the store's own check: {damage}")


def _texts(store: objstore.Store, name: str, acked: dict[int, int]) -> list[str]:
    """The texts of a conversation's events. UnknownConversation: it is gone though its creation was acknowledged."""
    try:
        conversation = store.conversations.open(name)
    except UnknownConversation:
        if acked:
            raise
        return []
    found = [event["text"] for event in conversation]
    assert len(conversation) == len(found), f"{name} says {len(conversation)} events and has {len(found)}"
    return found


def _prefix(store: objstore.Store, name: str, acked: dict[int, int]) -> Verdict:
    """The events of a conversation that must be a prefix of events 0, 1, …"""
    found = _texts(store, name, acked)
    held = common_prefix(found)
    return Verdict(held, None if held == len(found) else f"event {held} of {name} is not what was appended")


class Append(ObjstoreRow):
    """One durable commit after the other."""

    name = "objstore-append"

    def run(self, store: objstore.Store, root: Path, ack: Acknowledge) -> None:
        conversation = store.conversations.open("c", create=True)
        ack(0)
        for number in range(300):
            conversation.append({"text": event_text(number)})
            ack(number + 1)

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        return _prefix(store, "c", acked)


class Many(ObjstoreRow):
    """Batches of 1 to 40 events, each batch whole or not at all."""

    name = "objstore-many"

    def _batches(self) -> Iterator[tuple[int, int]]:
        chance = random.Random(7)
        ends = [0]
        while len(ends) < 50:
            ends.append(ends[-1] + chance.randint(1, 40))
        return pairwise(ends)

    def run(self, store: objstore.Store, root: Path, ack: Acknowledge) -> None:
        conversation = store.conversations.open("c", create=True)
        ack(0)
        for start, end in self._batches():
            conversation.append_many([{"text": event_text(number)} for number in range(start, end)])
            ack(end)

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        verdict = _prefix(store, "c", acked)
        if verdict.held and verdict.held not in {end for _, end in self._batches()}:
            return Verdict(verdict.held, f"a batch is there in part: {verdict.held} events")
        return verdict


class Threads(ObjstoreRow):
    """Four threads, a conversation each, whose commits share flushes."""

    name = "objstore-threads"
    writers = 4

    def run(self, store: objstore.Store, root: Path, ack: Acknowledge) -> None:
        conversations = [store.conversations.open(f"c{writer}", create=True) for writer in range(self.writers)]
        ack(0)
        failures: list[BaseException] = []

        def write(writer: int) -> None:
            try:
                for number in range(120):
                    conversations[writer].append({"text": event_text(number)})
                    ack(number + 1, writer)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(self.writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        verdicts = [_prefix(store, f"c{writer}", acked) for writer in range(self.writers)]
        held = sum(min(verdict.held, acked.get(writer, 0)) for writer, verdict in enumerate(verdicts))
        return Verdict(held, next((verdict.corrupt for verdict in verdicts if verdict.corrupt), None))


class Snapshot(ObjstoreRow):
    """A snapshot of a folder, then an append, in turn: large files go through packs, the rest through the journal."""

    name = "objstore-snapshot"
    rounds = 60

    def run(self, store: objstore.Store, root: Path, ack: Acknowledge) -> None:
        # The folder lies outside the recorded disk: its own writes are nobody's promise.
        folder = root.parent / "workspace"
        workspace = store.files.open("ws", create=True)
        conversation = store.conversations.open("c", create=True)
        ack(0)
        for number in range(self.rounds):
            _write_folder(folder, _folder_at(number))
            workspace.snapshot(folder)
            ack(2 * number + 1)
            conversation.append({"text": event_text(number)})
            ack(2 * number + 2)
        shutil.rmtree(folder)

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        events, corrupt = _prefix(store, "c", acked)
        snapshots = 0
        try:
            workspace: Any = store.files.open("ws")
            paths = {str(path) for path in _paths(workspace)}
        except UnknownWorkspace:
            paths = set()
        if "number" in paths:
            number = int(workspace.read("number"))
            snapshots = number + 1
            expected = _folder_at(number)
            if paths != expected.keys():
                corrupt = f"snapshot {number} has other files: {sorted(paths ^ expected.keys())[:3]}"
            elif any(workspace.read(path) != data for path, data in expected.items()):
                corrupt = f"snapshot {number} has other contents"
        # Snapshot n is operation 2n, event n is operation 2n + 1: how many operations, from the first, are there?
        return Verdict(min(2 * snapshots, 2 * events + 1), corrupt)


def _paths(workspace: Any) -> Iterator[str]:
    for entry in workspace.find():
        yield entry if isinstance(entry, str) else entry.path


def _folder_at(number: int) -> dict[str, bytes]:
    """The files of the folder at snapshot `number`: most stay, one changes, one comes, one goes, some are large."""
    files = {f"keep/{index}.txt": event_text(index).encode() for index in range(20)}
    files |= {f"recent/{index}.txt": event_text(index).encode() for index in range(max(0, number - 5), number)}
    files["number"] = str(number).encode()
    files["changing.txt"] = event_text(number).encode() * 3
    files["large.bin"] = random.Random(number // 4).randbytes(150_000) + b"x" * number
    return files


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    present = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    for name in present.keys() - files.keys():
        present[name].unlink()
    for name, data in files.items():
        path = folder / name
        if name not in present or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


class Repack(ObjstoreRow):
    """Appends with `repack` between them: what the journal forgets must be in a pack."""

    name = "objstore-repack"

    def run(self, store: objstore.Store, root: Path, ack: Acknowledge) -> None:
        conversation = store.conversations.open("c", create=True)
        ack(0)
        for number in range(300):
            conversation.append({"text": event_text(number)})
            ack(number + 1)
            if number % 40 == 39:
                store.repack()

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        return _prefix(store, "c", acked)


class Create(ObjstoreRow):
    """One new store after the other with two events each: half a store must not be in the way of a whole one."""

    name = "objstore-create"
    stores = 12

    def work(self, root: Path, ack: Acknowledge) -> None:
        for number in range(self.stores):
            with objstore.open(root / f"{number}", create=True, keys=root / "keys") as store:
                conversation = store.conversations.open("c", create=True)
                ack(0, number)
                for event in range(2):
                    conversation.append({"text": event_text(event)})
                    ack(event + 1, number)

    def held(self, store: objstore.Store, acked: dict[int, int]) -> Verdict:
        return _prefix(store, "c", acked)

    def check(self, root: Path, acked: dict[int, int]) -> Verdict:
        held = 0
        for number in range(max(acked, default=-1) + 2):  # The one after the last acknowledged may be half made.
            own = {0: acked[number]} if number in acked else {}
            verdict = self.check_store(root / f"{number}", own)
            held += min(verdict.held, own.get(0, 0))
            if verdict.corrupt:
                return Verdict(held, f"store {number}: {verdict.corrupt}")
        return Verdict(held)


def objstore_rows() -> list[Row]:
    """Every row of objstore. All of objstore is imported here once, not in every forked check."""
    with objstore.open("memory:") as store:
        store.conversations.open("c", create=True).append(_LATER)
    makers: list[Callable[[], Row]] = [Create, Append, Many, Threads, Snapshot, Repack]
    return [make() for make in makers]
