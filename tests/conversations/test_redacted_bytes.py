"""What was redacted is in no file of the store: neither as it was written, nor compressed, nor in what was freed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.objects.kinds import Oid
from objstore.storage.local.storage import LocalStorage

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]


def secret(draw: random.Random) -> str:
    """A text that does not compress, so that its bytes can be told from all others, in clear and compressed."""
    return "canary " + draw.randbytes(200).hex()


def windows(data: bytes, size: int = 24) -> list[bytes]:
    """Pieces from all over some bytes, each long enough to occur by no chance."""
    return [data[at : at + size] for at in range(0, len(data) - size, size)]


def local(store: objstore.Store) -> LocalStorage:
    assert isinstance(store.storage, LocalStorage)
    return store.storage


def traces(store: objstore.Store, oid: Oid, text: str) -> dict[str, list[bytes]]:
    """What the event looks like in the files of a store: its text, its row as it is compressed, its packs' frames."""
    storage = local(store)
    found = {"text": windows(text.encode())}
    row = storage.journal.connection().execute("SELECT data FROM objects WHERE oid = ?", (oid,)).fetchone()
    if row is not None:
        found["row"] = windows(row[0])[1:]
    for pack in storage.packs:
        for frame, _ in pack.find(oid):
            found["frame"] = [pack.frame_bytes(frame)]
    return found


def unpacked(storage: LocalStorage) -> Iterator[bytes]:
    """Every payload and base of the listed packs, and every row of the journal, decompressed."""
    storage.refresh()
    for pack in storage.packs:
        for number in range(pack.pack.frames):
            if pack.pack.frame_records(number):
                frame = storage.packs.open_frame(pack, number)
                yield from (frame.payload(record) for record in range(len(frame)))
            else:
                yield storage.packs.codec.base_text(pack.frame_bytes(number))
    yield from (obj.payload for _, obj in storage.journal.scan())
    yield from (obj.payload for obj in storage.journal.pending())


def places(store: objstore.Store, needles: list[bytes]) -> set[str]:
    """The files of a store in which any of these pieces stands, and "content" if it is in what they hold compressed."""
    storage = local(store)
    files = [path for path in storage.folder.root.rglob("*") if path.is_file()]
    found = {path.name for path in files if any(needle in path.read_bytes() for needle in needles)}
    if any(needle in payload for payload in unpacked(storage) for needle in needles):
        found.add("content")
    return found


@pytest.mark.parametrize("stage", ["intake", "journal", "thrice", "packed", "packed twice"])
def test_no_file_holds_what_was_redacted(tmp_path: Path, stage: str) -> None:
    draw = random.Random(7)
    text = secret(draw)
    with objstore.open(tmp_path / "store", create=True) as store:
        conv = store.conversations.create("c")
        filler = [{"content": " ".join(draw.choices(WORDS, k=30))} for _ in range(600)]
        conv.append_many(filler[:300])
        if stage == "thrice":
            conv.append_many([{"content": text, "n": number} for number in range(2)])
        conv.append({"content": text})
        numbers = [number for number, value in enumerate(conv) if isinstance(value, dict) and value["content"] == text]
        if stage != "intake":
            conv.append_many(filler[300:])
        store.conversations.search("canary")
        oid = store.view(f"c#{numbers[-1] + 1}").commit.event
        assert oid is not None
        seen = traces(store, oid, text)
        if stage.startswith("packed"):
            store.repack()
            seen |= traces(store, oid, text)
            assert "frame" in seen
        if stage == "packed twice":  # written again by somebody: a row beside the pack
            obj = store.storage.read(oid)
            local(store).transact(
                lambda connection: local(store).journal.insert(connection, local(store).journal.encode([obj]))
            )
        before = {name: places(store, needles) for name, needles in seen.items()}
        assert all(before[name] for name in before if name != "row" or not stage.startswith("packed")), before
        assert "content" in before["text"]
        conv.redact(*numbers, reason="a password")
        after = {name: places(store, needles) for name, needles in seen.items()}
        assert after == {name: set() for name in seen}
        assert list(store.check()) == []
        assert store.conversations.search("canary") == []
        assert [value for number, value in enumerate(conv) if number not in numbers and "redacted" in value] == []
        store.repack()
        assert places(store, seen["text"]) == set()
    with objstore.open(tmp_path / "store") as store:
        assert places(store, seen["text"]) == set()
        assert list(store.check()) == []


def test_what_lies_beside_it_stays_as_it_was(tmp_path: Path) -> None:
    draw = random.Random(3)
    with objstore.open(tmp_path / "store", create=True) as store:
        conv = store.conversations.create("c")
        conv.append_many([{"n": number, "text": draw.randbytes(40).hex()} for number in range(1500)])
        conv.files.write("large.bin", draw.randbytes(400_000))
        store.repack()
        conv.append_many(range(20))
        values = list(conv)
        large = conv.files.read("large.bin")
        objects = {found[0] for found in store.storage.objects()}
        (record,) = conv.redact(700, reason="")
        kept = {found[0] for found in store.storage.objects()}
        assert objects - kept == {record.event}
        assert len(kept - objects) == 1  # the tombstone
        assert [value for number, value in enumerate(conv) if number != 700] == values[:700] + values[701:]
        assert conv.files.read("large.bin") == large
        assert list(store.check()) == []
