"""Strategies for keys and values, and the naive models that settings are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

NAMES = ("a", "b", "c", "a-b", "a_b")
keys = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(".".join)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
scalars = scalars | st.text("ab1é \n\"'$\\#\x00\x7f\u2028😀", max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$ .", max_size=3), inner, max_size=3),
    max_leaves=6,
)


def clash(one: str, other: str) -> bool:
    """Whether one key is a group that the other is in."""
    return one.startswith(other + ".") or other.startswith(one + ".")


def shaped(found: Mapping[str, Any]) -> dict[str, Any]:
    """What of a mapping can stand together: a key that clashes with one before it is left out."""
    kept: dict[str, Any] = {}
    for key, value in found.items():
        if not any(clash(key, other) for other in kept):
            kept[key] = value
    return kept


settings_of = st.dictionaries(keys, values, max_size=8).map(shaped)


def laid(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Layers over each other, key by key: what clashes with a later key gives way."""
    found: dict[str, Any] = {}
    for layer in layers:
        found = {key: value for key, value in found.items() if not any(clash(key, other) for other in layer)}
        found.update(layer)
    return dict(sorted(found.items()))


def same(one: object, other: object) -> bool:
    """Equal in value and type, all the way down: True is not 1, 1 is not 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)
