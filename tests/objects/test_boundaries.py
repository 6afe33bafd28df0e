from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects.boundaries import (
    Boundary,
    boundary_ref,
    bounded_by_ref,
    decode_boundary,
    encode_boundary,
    is_boundary,
    jump_places,
)
from objstore.objects.commits import decode_commit, encode_commit
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.jumps import jump_place
from objstore.objects.kinds import Kind, Oid
from objstore.objects.references import references
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/objects/boundaries.json").read_text(encoding="utf-8"))
oids = st.binary(min_size=32, max_size=32).map(Oid)


@st.composite
def boundaries(draw: st.DrawFn) -> Boundary:
    place = draw(st.integers(1, 5000))
    events = draw(st.integers(1, place + 1))
    seed = draw(st.integers(0, 1 << 30))
    many = [Oid((seed + number).to_bytes(32, "big")) for number in range(1100)]
    return Boundary(
        draw(oids),
        place,
        events,
        tuple(draw(st.lists(oids, min_size=1, max_size=3, unique=True))),
        tuple(many[: len(jump_places(place))]),
        tuple(many[50 : 50 + (events - 1) % 1024]),
        draw(st.text(max_size=20)),
        draw(st.integers(-(1 << 63), (1 << 63) - 1)),
        draw(st.text(max_size=40)),
    )


def from_facts(facts: dict[str, object]) -> Boundary:
    def ids(key: str) -> tuple[Oid, ...]:
        value = facts[key]
        assert isinstance(value, list)
        return tuple(Oid(bytes.fromhex(text)) for text in cast("list[str]", value))

    return Boundary(
        Oid(bytes.fromhex(str(facts["commit"]))),
        int(str(facts["place"])),
        int(str(facts["events"])),
        ids("parents"),
        ids("jumps"),
        ids("tail"),
        str(facts["author"]),
        int(str(facts["time"])),
        str(facts["reason"]),
    )


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_boundaries_have_the_golden_bytes_ids_and_refs(case: dict[str, dict[str, object]]) -> None:
    boundary = from_facts(case["boundary"])
    payload = bytes.fromhex(str(case["hex"]))
    assert encode_boundary(boundary) == payload
    assert decode_boundary(payload) == boundary
    assert PLAIN_HASHER.oid(Kind.COMMIT, payload).hex() == case["oid"]
    assert boundary_ref(boundary.commit, boundary.root) == case["ref"]


@settings(deadline=None, max_examples=40)
@given(boundaries())
def test_a_boundary_comes_back_as_it_was_and_names_no_object(boundary: Boundary) -> None:
    payload = encode_boundary(boundary)
    assert decode_boundary(payload) == boundary
    assert references(Kind.COMMIT, payload) == []
    assert is_boundary(decode_commit(payload))
    assert bounded_by_ref(boundary_ref(boundary.commit, boundary.root)) == (boundary.commit, boundary.root)


@settings(deadline=None, max_examples=60)
@given(boundaries(), mutations())
def test_damaged_boundaries_are_canonical_or_refused(boundary: Boundary, changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(encode_boundary(boundary), changes), decode_boundary, encode_boundary)


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 1 << 40), st.integers(0, 1 << 20))
def test_jumps_that_pass_over_a_boundary_lead_to_its_own(place: int, further: int) -> None:
    later = place + 1 + further
    there = jump_place(later)
    assert there >= place or there in jump_places(place)


@pytest.mark.parametrize(
    "change",
    [
        {"squashed.commit": "AB" * 32},
        {"squashed.events": "2"},
        {"squashed.events": 9000},
        {"squashed.parents": ""},
        {"squashed.parents": "####"},
        {"squashed.jumps": 5},
        {"squashed.tail": "AAAA"},
        {"squashed.place": True},
        {"more": 1},
    ],
)
def test_another_commit_is_no_boundary(change: dict[str, str | int]) -> None:
    commit = decode_commit(bytes.fromhex(GOLDEN[0]["hex"]))
    with pytest.raises(CorruptObject):
        decode_boundary(encode_commit(commit._replace(metadata={**commit.metadata, **change})))


def test_what_cannot_be_is_refused() -> None:
    one = from_facts(GOLDEN[0]["boundary"])
    for wrong in (
        one._replace(commit=Oid(b"short")),
        one._replace(place=0, jumps=()),
        one._replace(events=0),
        one._replace(parents=()),
        one._replace(parents=one.parents * 2),
        one._replace(jumps=one.jumps[1:]),
        one._replace(tail=one.tail[1:]),
    ):
        with pytest.raises(InvalidValue):
            encode_boundary(wrong)


@pytest.mark.parametrize(
    "name", ["conversations/c", "squashed/", "squashed/ab/cd", f"squashed/{'AB' * 32}/{'ab' * 32}"]
)
def test_other_refs_bound_nothing(name: str) -> None:
    assert bounded_by_ref(name) is None
