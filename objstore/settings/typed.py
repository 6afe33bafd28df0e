"""A value as the type that was asked for."""

from __future__ import annotations

from typing import TypeVar

from objstore.errors import InvalidSetting
from objstore.settings.secret import Secret

T = TypeVar("T")

_WORDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
    Secret: "a secret",
}


def as_kind(key: str, value: object, kind: type[T]) -> T:
    """The value, which is of this type: bool is no int, an int will do as a float. InvalidSetting."""
    if kind is float and type(value) is int:
        return float(value)  # pyright: ignore[reportReturnType] - T is float
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise InvalidSetting(key, f"is {_word(type(value))}; asked for was {_word(kind)}")


def _word(kind: type) -> str:
    return _WORDS.get(kind, kind.__name__)
