from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import objstore
from objstore.errors import CorruptObject
from objstore.signing.anchor import decode_anchor, encode_anchor
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations
from tests.signing.worlds import kinds, make, rewritten

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "golden/signatures.json").read_text(encoding="utf-8")
)
FILE = GOLDEN["anchor"].encode()


def test_an_anchor_has_the_golden_bytes() -> None:
    anchor = decode_anchor(FILE)
    assert (anchor.body.hex(), anchor.signature.hex()) == (GOLDEN["body"], GOLDEN["signature"])
    assert [head.name for head in anchor.heads] == ["conversations/c", "files/ü"]
    assert encode_anchor(anchor) == FILE


@settings(deadline=None, max_examples=100)
@given(mutations())
def test_a_damaged_anchor_is_refused_or_says_what_it_says_in_one_way(changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(FILE, changes), decode_anchor, encode_anchor)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"end\n", b"", "cut short"),
        (b"heads 2", b"heads 3", "says it has 3"),
        (b"files/", b"filez/", "not those of its checkpoint"),
        (b", 7, ", b", 8, ", "not those of its checkpoint"),
        (b", 7, ", b", 7.0, ", "no head"),
        (b", null, ", b",  null, ", "canonical"),
        (b"objstore anchor", b"objstore ankor", "format 1"),
    ],
)
def test_what_was_changed_in_an_anchor_is_found(old: bytes, new: bytes, reason: str) -> None:
    assert old in FILE
    with pytest.raises(CorruptObject, match=reason):
        decode_anchor(FILE.replace(old, new))


def test_who_has_the_key_and_writes_all_anew_is_found_by_an_anchor_kept_elsewhere(tmp_path: Path) -> None:
    keys, place, anchor = tmp_path / "keys", make(tmp_path / "store", tmp_path / "keys"), tmp_path / "anchor"
    with objstore.open(place, keys=keys) as store:
        store.anchor(anchor)
        store.conversations.open("c").append("after the anchor")
        assert store.sign().number == 2
        assert store.verify([anchor]).sound
    rewritten(place, tmp_path, lambda events: events[:2])
    with objstore.open(place, keys=keys, accept_older=True) as store:
        store.sign(accept=True)
        assert store.verify().sound
        assert ("altered", "conversations/c") in kinds(store.verify([anchor]))
    other = make(tmp_path / "another", keys)
    with objstore.open(other, keys=keys) as store:
        assert ("altered", "") in kinds(store.verify([anchor]))


def test_a_store_that_is_older_than_its_anchor_is_found_without_any_memory(tmp_path: Path) -> None:
    keys, place = tmp_path / "keys", tmp_path / "store"
    make(place, keys)
    copied = tmp_path / "copy"
    with objstore.open(place, keys=keys) as store:
        store.backup(copied)
        store.conversations.open("c").append("later")
        store.anchor(tmp_path / "anchor")
    with objstore.open_backup(copied, keys=tmp_path / "nobody").restore(tmp_path / "old") and objstore.open(
        tmp_path / "old", keys=keys
    ) as store:
        assert ("rolled back", "") in kinds(store.verify([tmp_path / "anchor"]))
