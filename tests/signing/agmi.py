"""Our conversations for `agmi-check`, the public checker of agent memories: its nine edits, made by a strong attacker.

    agmi-check --adapter tests.signing.agmi:Conversations

The attacker may write every file of the store and runs this very program, but has no key of the user's: each edit writes
the whole conversation anew, so that every id, hash and chain is right again. What is then asked is what a user asks
after opening the store: does it open, is it as it was signed, can all of it be read. Key folder and memory lie outside.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from agmi.adapters.base import MemoryAdapter, Record

import objstore
from tests.signing.worlds import rewrite

NAME, OTHER = "agmi-a", "agmi-b"


class Conversations(MemoryAdapter):
    """A record is an event with the author of its commit."""

    name = "objstore conversations"
    detection_point = "audit"
    supports_replay = True
    supports_metadata = True
    supports_snapshot = True

    def setup(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="objstore-agmi-"))
        self._store = self._folder / "store"
        self._keys = self._folder / "home" / "keys"

    def teardown(self) -> None:
        shutil.rmtree(self._folder)

    def seed(self, n: int) -> None:
        self._append(NAME, n)

    def seed_other(self, n: int) -> None:
        self._append(OTHER, n)

    def append_genuine(self) -> None:
        self._append(NAME, 1, "late")

    def reload(self) -> None:
        """Nothing is held open between two calls."""

    def verify(self) -> bool:
        self.verify_detail = None
        try:
            with objstore.open(self._store, keys=self._keys) as store:
                found = store.verify()
                for name in NAME, OTHER:
                    if name in store.conversations:
                        list(store.conversations.open(name))
        except objstore.ObjstoreError as error:
            self.verify_detail = f"{type(error).__name__}: {error}"
            return False
        if not found.sound:
            self.verify_detail = "; ".join(f"{doubt.kind}: {doubt.ref} {doubt.reason}" for doubt in found.doubts)
        return found.sound

    # The attacker

    def read_all_raw(self) -> list[Record]:
        return self._records(NAME)

    def read_other_raw(self) -> list[Record]:
        return self._records(OTHER)

    def write_raw(self, record: Record) -> None:
        records = self.read_all_raw()
        records[record.seq : record.seq + 1] = [record]
        self._write(records)

    def delete_raw(self, seq: int) -> None:
        records = self.read_all_raw()
        del records[seq]
        self._write(records)

    def replay_onto(self, victim_seq: int, donor: Record) -> None:
        records = self.read_all_raw()
        records[victim_seq].fields["event"] = donor.fields["event"]
        self._write(records)

    def read_meta(self, seq: int) -> dict[str, Any]:
        return {"author": self.read_all_raw()[seq].fields["author"]}

    def write_meta(self, seq: int, meta: dict[str, Any]) -> None:
        record = self.read_all_raw()[seq]
        record.fields["author"] = json.dumps(meta)
        self.write_raw(record)

    def mutate_payload(self, record: Record) -> Record:
        record.fields["event"] = json.dumps({**json.loads(record.fields["event"]), "content": "tampered"})
        return record

    def snapshot_store(self) -> str:
        return self._copy_store(self._store)

    def restore_store(self, token: object) -> None:
        self._restore_store(str(token), self._store)

    def identity_of(self, record: Record) -> str:
        return f"{record.fields['of']}#{record.seq}"

    def payload_of(self, record: Record) -> str:
        return record.fields["event"]

    def owner_of(self, record: Record) -> str:
        return record.fields["of"]

    def _append(self, name: str, count: int, word: str = "seed") -> None:
        with objstore.open(self._store, create=True, keys=self._keys) as store:
            conv = store.conversations.open(name, create=True)
            for number in range(count):
                conv.append({"role": "user", "content": f"{word} {number} of {name}"})

    def _records(self, name: str) -> list[Record]:
        with objstore.open(self._store, keys=self._folder / "attacker", accept_older=True) as store:
            found = [(json.dumps(each.value), each.commit.author) for each in store.view(name).entries()]
        fields = [{"of": name, "event": event, "author": author} for event, author in found]
        return [Record(seq, each) for seq, each in enumerate(fields)]

    def _write(self, records: list[Record]) -> None:
        events = [(json.loads(record.fields["event"]), record.fields["author"]) for record in records]
        rewrite(self._store, self._folder / "attacker", NAME, events)
