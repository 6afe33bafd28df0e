"""Packs whose sizes are too close become one, and nothing is lost by it."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.maintenance.repack import merge as merging
from objstore.maintenance.repack.merge import FACTOR, MOST_BYTES, MOST_OBJECTS, choose
from objstore.packs.frame_header import decode_header
from objstore.storage.local.journal import PackRow
from objstore.storage.local.storage import LocalStorage


def _rows(sizes: list[int]) -> list[PackRow]:
    return [PackRow(f"{number:032x}", 1, size) for number, size in enumerate(sizes)]


def _sizes_after(rows: list[PackRow]) -> list[int]:
    chosen = choose(rows)
    rest = [row.size for row in rows if row not in chosen]
    return [*rest, sum(row.size for row in chosen)] if chosen else rest


@given(st.lists(st.integers(1, 10**6), max_size=12))
@settings(max_examples=300, deadline=None)
def test_after_a_merge_each_pack_is_twice_as_large_as_all_smaller_ones(sizes: list[int]) -> None:
    after = sorted(_sizes_after(_rows(sizes)))
    assert sum(after) == sum(sizes)
    for number in range(len(after)):
        assert after[number] >= FACTOR * sum(after[:number])
    assert choose(_rows(after)) == []


def test_a_thousand_small_repacks_copy_each_byte_some_twelve_times_and_leave_few_packs() -> None:
    sizes: list[int] = []
    copied = 0
    for _ in range(1000):
        sizes.append(1)
        if chosen := choose(_rows(sizes)):
            copied += sum(row.size for row in chosen)
            sizes = _sizes_after(_rows(sizes))
    assert copied <= 1000 * math.log(1000, 1.5)
    assert len(sizes) <= 1 + math.log(1000, 3)


def test_packs_do_not_grow_beyond_their_bounds() -> None:
    assert choose([PackRow("a" * 32, 1, MOST_BYTES // 2), PackRow("b" * 32, 1, MOST_BYTES // 2 + 1)]) == []
    assert choose([PackRow("a" * 32, MOST_OBJECTS, 5), PackRow("b" * 32, 1, 5)]) == []


def _texts(seed: int, count: int) -> list[dict[str, object]]:
    draw = random.Random(seed)
    words = [draw.randbytes(6).hex() for _ in range(300)]
    return [{"n": number, "text": " ".join(draw.choices(words, k=80))} for number in range(count)]


def _storage(store: objstore.Store) -> LocalStorage:
    assert isinstance(store.storage, LocalStorage)
    return store.storage


def _names(store: objstore.Store) -> list[str]:
    return [row.name for row in _storage(store).journal.packs()]


def _frames(store: objstore.Store) -> list[bytes]:
    return [pack.frame_bytes(number) for pack in _storage(store).packs for number in range(pack.pack.frames)]


def test_small_packs_become_one_that_reads_the_same_also_for_who_had_the_old_ones_open(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store, objstore.open(path) as other:
        texts = _texts(1, 600)
        conversation = store.conversations.create("c")
        merged = 0
        for start in range(0, 600, 50):
            conversation.append_many(texts[start : start + 50])
            store.files.open("ws", create=True).write(f"f{start}", b"%d" % start)
            merged += store.repack().merged
            assert list(other.conversations.open("c")) == texts[: start + 50]
        assert merged > 8
        assert len(_names(store)) < 4
        assert list(conversation) == texts
        assert sorted(file.stem for file in (path / "packs").iterdir()) == sorted(2 * _names(store))
        assert not other.fsck().findings
        # Small groups were packed together again: frames are as large as those of one repack.
        assert len(_frames(store)) < 25


def test_a_large_pack_is_not_touched_for_a_few_new_objects(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        conversation = store.conversations.create("c")
        conversation.append_many(_texts(1, 2000))
        store.repack()
        (large,) = _names(store)
        for _ in range(5):
            conversation.append_many(_texts(2, 10))
            assert store.repack().objects >= 20
        assert large in _names(store)
        assert len(_names(store)) <= 4


def test_full_frames_are_copied_with_their_bases_as_they_are(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        texts: list[list[dict[str, object]]] = []
        for seed in range(2):
            shared = "\n".join(str(text["text"]) for text in _texts(seed, 30))
            said = [{"n": number, "text": shared, "more": text} for number, text in enumerate(_texts(9 + seed, 80))]
            store.conversations.create(f"c{seed}").append_many(said)
            texts.append(said)
        store.repack()
        before = _frames(store)
        assert any(decode_header(frame).base for frame in before)
        for seed in range(2):
            store.conversations.create(f"d{seed}").append_many(texts[seed])
        assert store.repack().merged == 2
        after = _frames(store)
        assert set(before) <= set(after)
        for seed in range(2):
            assert (
                list(store.conversations.open(f"c{seed}")) == texts[seed] == list(store.conversations.open(f"d{seed}"))
            )
        assert not store.fsck().findings


def test_a_damaged_pack_is_left_and_the_others_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        for number in range(4):
            store.conversations.create(f"c{number}").append_many(_texts(number, 400 if number < 2 else 40))
            _pack_only(store)
        names = _names(store)
    file = path / "packs" / f"{names[1]}.pack"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with objstore.open(path) as store:
        assert store.repack().merged >= 2
        assert names[1] in _names(store)
        for number in (0, 2, 3):
            assert list(store.conversations.open(f"c{number}")) == _texts(number, 400 if number < 2 else 40)
        assert {finding.file for finding in store.fsck().findings if finding.file} == {f"packs/{names[1]}.pack"}


def _pack_only(store: objstore.Store) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "MOST_BYTES", 0)
        assert store.repack().merged == 0


def test_what_was_deleted_is_gone_from_a_merged_pack_with_the_base_that_repeated_it(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with objstore.open(path, create=True) as store:
        said: dict[str, list[object]] = {}
        for seed in range(2):
            shared = "\n".join(f"secret {seed} " + str(text["text"]) for text in _texts(seed, 30))
            said[f"c{seed}"] = [{"n": n, "text": shared, "more": text} for n, text in enumerate(_texts(9 + seed, 60))]
            store.conversations.create(f"c{seed}").append_many(said[f"c{seed}"])
        store.repack()
        store.conversations.delete("c1")
        assert store.gc(expire_reflog=timedelta(0)).deleted > 120
        store.conversations.create("d").append_many(said["c0"][:50])
        assert store.repack().merged == 2
        assert all(not pack.dead for pack in _storage(store).packs)
        assert list(store.conversations.open("c0")) == said["c0"]
        assert list(store.conversations.open("d")) == said["c0"][:50]
        assert not store.fsck().findings
        texts = [
            _storage(store).packs.codec.base_text(frame) for frame in _frames(store) if not decode_header(frame).records
        ]
        assert texts
        assert not any(b"secret 1" in text for text in texts)
