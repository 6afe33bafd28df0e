"""Lists of places: pinned, canonical, and refused when they are not what was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import CorruptObject
from objstore.packs.places import decode_places, encode_places

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "packs" / "places.json").read_text("utf-8"))


@pytest.mark.parametrize("name", GOLDEN)
def test_places_have_the_golden_bytes(name: str) -> None:
    places = [tuple(place) for place in GOLDEN[name]["places"]]
    assert encode_places(places).hex() == GOLDEN[name]["bytes"]
    assert decode_places(bytes.fromhex(GOLDEN[name]["bytes"])) == sorted(places)


@given(st.sets(st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 16) - 1)), min_size=1))
def test_places_come_back_in_order(places: set[tuple[int, int]]) -> None:
    assert decode_places(encode_places(places)) == sorted(places)


@given(st.binary(max_size=40))
def test_what_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        places = decode_places(data)
    except CorruptObject:
        return
    assert encode_places(places) == data


@pytest.mark.parametrize(
    "data", [b"", b"\1", b"\2" + bytes(6), b"\1" + bytes(5), b"\1" + bytes(12), b"\1\0\0\0\1" + bytes(8)]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptObject):
        decode_places(data)


@pytest.mark.parametrize("places", [[], [(-1, 0)], [(0, 1 << 16)], [(1 << 32, 0)]])
def test_places_out_of_bounds_are_no_list(places: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match=r"places|bounds"):
        encode_places(places)
