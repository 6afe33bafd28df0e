from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.commits import decode_commit, encode_commit
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Kind, Oid
from objstore.objects.references import references
from objstore.objects.tombstones import (
    Tombstone,
    decode_tombstone,
    encode_tombstone,
    redacted_by_ref,
    tombstone_ref,
)
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/objects/tombstones.json").read_text(encoding="utf-8"))
ONE = Tombstone(Oid(b"e" * 32), Oid(b"c" * 32), "ann", 5, "why")

oids = st.binary(min_size=32, max_size=32).map(Oid)
tombstones = st.builds(
    Tombstone,
    event=oids,
    commit=oids,
    author=st.text(max_size=20),
    time=st.integers(-(1 << 63), (1 << 63) - 1),
    reason=st.text(max_size=40),
)


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_tombstones_have_the_golden_bytes_ids_and_refs(case: dict[str, object]) -> None:
    facts = dict(case["tombstone"])
    tombstone = Tombstone(**facts | {key: Oid(bytes.fromhex(facts[key])) for key in ("event", "commit")})
    payload = bytes.fromhex(str(case["hex"]))
    assert encode_tombstone(tombstone) == payload
    assert decode_tombstone(payload) == tombstone
    assert PLAIN_HASHER.oid(Kind.COMMIT, payload).hex() == case["oid"]
    assert tombstone_ref(tombstone.event) == case["ref"]


@settings(deadline=None, max_examples=60)
@given(tombstones)
def test_a_tombstone_comes_back_as_it_was_and_names_no_object(tombstone: Tombstone) -> None:
    payload = encode_tombstone(tombstone)
    assert decode_tombstone(payload) == tombstone
    assert references(Kind.COMMIT, payload) == []
    assert redacted_by_ref(tombstone_ref(tombstone.event)) == tombstone.event


@settings(deadline=None, max_examples=80)
@given(tombstones, mutations())
def test_damaged_tombstones_are_canonical_or_refused(tombstone: Tombstone, changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(encode_tombstone(tombstone), changes), decode_tombstone, encode_tombstone)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"redacted.event": "ab" * 32},
        {"redacted.event": "AB" * 32, "redacted.commit": "ab" * 32},
        {"redacted.event": 7, "redacted.commit": "ab" * 32},
        {"redacted.event": "ab" * 32, "redacted.commit": "ab" * 32, "more": 1},
    ],
)
def test_another_commit_is_no_tombstone(metadata: dict[str, str | int]) -> None:
    commit = decode_commit(encode_tombstone(ONE))
    with pytest.raises(CorruptObject):
        decode_tombstone(encode_commit(commit._replace(metadata=metadata)))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidValue):
        encode_tombstone(ONE._replace(event=Oid(b"short")))
    with pytest.raises(InvalidValue):
        encode_tombstone(ONE._replace(reason="x" * (2 << 20)))


@pytest.mark.parametrize("name", ["conversations/c", "redacted/", "redacted/ab", "redacted/" + "AB" * 32])
def test_other_refs_redact_nothing(name: str) -> None:
    assert redacted_by_ref(name) is None
