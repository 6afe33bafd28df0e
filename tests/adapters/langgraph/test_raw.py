"""Serialized values in events, and lists as changes of lists."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from objstore.adapters.langgraph.raw import apply, difference, from_json, is_plain, to_json
from objstore.objects.codec import decode_value, encode_value

TYPED = st.tuples(st.sampled_from(["msgpack", "bytes", "null"]), st.binary(max_size=40))
ITEMS = st.lists(st.tuples(st.just("msgpack"), st.sampled_from([b"a", b"b", b"c", b"d"])), max_size=12)


@given(TYPED)
@example(("msgpack", "⠁ and ⣿".encode()))
@example(("msgpack", b"\xd9"))
@example(("msgpack", b"\xdb\x00"))
def test_bytes_come_back_from_an_event_exactly(typed: tuple[str, bytes]) -> None:
    assert from_json(decode_value(encode_value(to_json(typed)))) == typed


def test_text_stays_readable_and_its_words_stay_apart_from_their_lengths() -> None:
    text = to_json(("msgpack", b"\xd9\x61" + "Grüße".encode() + b"\xda\x01\x41you"))
    assert isinstance(text, str)
    assert re.findall(r"\w+", text) == ["Grüße", "you"]


@given(ITEMS, ITEMS)
@example([], [])
def test_a_list_comes_back_from_its_difference(old: list[tuple[str, bytes]], new: list[tuple[str, bytes]]) -> None:
    parts = difference(old, new)
    assert apply(old.copy(), parts) == new


def test_what_a_list_shares_with_another_is_named_by_runs() -> None:
    old = [("msgpack", bytes([65 + number])) for number in range(10)]
    assert difference(old, [*old, ("msgpack", b"x")]) == [[0, 10], "x"]
    assert difference(old, old[3:]) == [[3, 10]]
    assert difference(old, [*old[:4], ("msgpack", b"x"), *old[5:]]) == [[0, 4], "x", [5, 10]]


def test_only_values_of_exactly_json_are_plain() -> None:
    class Name(str):
        __slots__ = ()

    assert is_plain({"a": [1, 2.5, None, True, "x", {}]})
    for other in ((1,), {1: 2}, float("nan"), float("inf"), b"", Name("x"), {Name("x"): 1}, [set()]):
        assert not is_plain(other)
