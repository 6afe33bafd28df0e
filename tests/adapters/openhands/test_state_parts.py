"""A state in parts is the same text, and its versions share what is equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.adapters.openhands import ObjstoreFileStore
from objstore.adapters.openhands.state_parts import cut, decode_exactly, encode_text, join
from tests.adapters.openhands.events import state, text_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.just("x" * 300),
    lambda inner: (
        st.lists(inner, max_size=20) | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True) | st.text(), inner)
    ),
    max_leaves=25,
)
STATES = st.dictionaries(st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True), VALUES, min_size=1)


@settings(max_examples=60, deadline=None)
@given(STATES)
def test_parts_put_together_are_the_same_text(value: dict[str, object]) -> None:
    text = encode_text(value)
    parts = cut(decode_exactly(text))
    assert parts is not None
    values = {key: json.loads(each) for key, each in parts.texts.items()}
    assert encode_text(join(parts.shape, values)) == text


@pytest.mark.parametrize("text", ['{"a": 1}', '{"a":1.0e3}', '{"a":"\\u00e4"}', '{"a":1,"a":2}', "", "no"])
def test_a_text_that_would_come_back_otherwise_is_not_cut(text: str) -> None:
    with pytest.raises(ValueError):
        decode_exactly(text)


@pytest.mark.parametrize("value", [[], {}, 3, {"a b": 1}, {"": 1}, {"x" * 65: 1}])
def test_what_has_no_natural_keys_is_not_cut(value: object) -> None:
    assert cut(value) is None  # type: ignore[arg-type]


def test_a_state_that_grows_costs_what_is_new(tmp_path: Path) -> None:
    with ObjstoreFileStore(tmp_path) as files:
        written = 0
        for calls in range(150):
            text = text_of(state(calls))
            files.write("base_state.json", text)
            written += len(text)
        assert files.read("base_state.json") == text
        files.store.repack()
        kept = sum(file.stat().st_size for file in (tmp_path / ".objstore" / "packs").iterdir())
    assert kept < written / 10


def test_a_state_comes_back_however_it_changes(tmp_path: Path) -> None:
    texts = [
        text_of(state(0)),
        text_of({"stats": [1] * 400, "agent": 3}),
        '{"a": "kept as a file"}',
        text_of({"stats": {"a": "x" * 600, "b": True}}),
        text_of({"stats": {"b": 1, "a": "x" * 600}}),
        "[]",
        text_of(state(3)),
        "",
    ]
    with ObjstoreFileStore(tmp_path) as files:
        for text in texts:
            files.write("base_state.json", text)
            with ObjstoreFileStore(tmp_path) as again:
                assert again.read("base_state.json") == text
            assert files.list("") == ["base_state.json"]
        files.delete("base_state.json")
        assert not files.exists("base_state.json")
