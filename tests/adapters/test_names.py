"""Names of other tools as names of ours: see objstore/adapters/names.py."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from objstore.adapters.names import decode_name, encode_name
from objstore.files.paths import check_path
from refs.name import check_name


@given(st.text(max_size=20))
@example("")
@example("@")
@example("con")
@example("..")
@example("a.lock")
@example("\ud800")
def test_every_text_becomes_a_name_and_comes_back(text: str) -> None:
    name = encode_name(text)
    assert decode_name(name) == text
    assert check_name(f"a/{name}")
    assert check_path(f"{name}/{name}.json")


@given(st.lists(st.text(max_size=8), unique=True, max_size=8))
def test_different_texts_have_different_names(texts: list[str]) -> None:
    assert len({encode_name(text) for text in texts}) == len(texts)


@pytest.mark.parametrize("text", ["thread-1", "8f14e45f-ceea-467f-a8d4-0d2d2c0b1a11", "ann@example"])
def test_ids_stay_readable(text: str) -> None:
    assert encode_name(text) == text
