"""The state of a conversation, one JSON object that is rewritten at every change, as many settings that are shared.

A state of 200 KB grows by some 400 bytes at each call of a model. Cut into parts, what is equal in successive versions
is stored once, and a diff names what changed. Objects become groups of settings, long lists pages of 16 elements, and
whatever is short stays one value. `shape` says how to put the parts together again, in the order they had:

    0          one setting holds the value
    {…}        a group: for each key its shape, in order
    3          a list in three pages
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple, TypeAlias

from objstore.objects.values import JsonValue

Shape: TypeAlias = "int | dict[str, Shape]"

_SHORT: Final = 512
"""Characters of JSON up to which a value stays whole."""
_PAGE: Final = 16
_DEPTH: Final = 12
_NATURAL: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
encode_text = _encoder.encode
"""A JSON value as the SDK writes it: compact, and nothing escaped that need not be."""


class Parts(NamedTuple):
    """A state in parts: its shape, and JSON texts by dotted key."""

    shape: Shape
    texts: dict[str, str]


def decode_exactly(text: str) -> JsonValue:
    """The value of a JSON text, provided that the value gives this very text again. ValueError."""
    value: JsonValue = json.loads(text)
    if encode_text(value) != text:
        raise ValueError("the text is not written as the SDK writes it")
    return value


def cut(value: JsonValue) -> Parts | None:
    """A JSON object in parts; None for what has no keys that can be those of settings."""
    if not isinstance(value, dict) or not _can_be_group(value):
        return None
    texts: dict[str, str] = {}
    shape: dict[str, Shape] = {key: _cut(item, key, 1, texts) for key, item in value.items()}
    return Parts(shape, texts)


def join(shape: Shape, values: dict[str, JsonValue]) -> JsonValue:
    """The value of a shape and its parts by dotted key. KeyError, TypeError, ValueError: they do not fit."""
    if not isinstance(shape, dict):
        raise ValueError("a state is an object")
    return {key: _join(item, key, values) for key, item in shape.items()}


def _cut(value: JsonValue, key: str, depth: int, texts: dict[str, str]) -> Shape:
    text = encode_text(value)
    if len(text) > _SHORT and depth < _DEPTH:
        if isinstance(value, dict) and _can_be_group(value):
            return {name: _cut(item, f"{key}.{name}", depth + 1, texts) for name, item in value.items()}
        if isinstance(value, list) and len(value) > 1:
            starts = range(0, len(value), _PAGE)
            texts.update({_page(key, n): encode_text(value[at : at + _PAGE]) for n, at in enumerate(starts)})
            return len(starts)
    texts[key] = text
    return 0


def _join(shape: Shape, key: str, values: dict[str, JsonValue]) -> JsonValue:
    if isinstance(shape, dict):
        return {name: _join(item, f"{key}.{name}", values) for name, item in shape.items()}
    if shape == 0:
        return values[key]
    whole: list[JsonValue] = []
    for number in range(shape):
        page = values[_page(key, number)]
        if not isinstance(page, list):
            raise TypeError(f"{key}: a page that is no list")
        whole += page
    return whole


def _page(key: str, number: int) -> str:
    return f"{key}.{number:05d}"


def _can_be_group(value: dict[str, JsonValue]) -> bool:
    return bool(value) and all(_NATURAL.fullmatch(key) for key in value)
