"""What a settings key is, and the shape that keys give settings: each is a leaf or a group of others, never both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from objstore.errors import InvalidValue

SEPARATOR: Final = "."
PART: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,15}", re.ASCII)


def check_setting_key(key: str) -> str:
    """The key, if it is one. InvalidValue."""
    if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        raise InvalidValue(repr(key), "cannot be a settings key: it is no text")
    if _KEY.fullmatch(key) is None:
        raise InvalidValue(key, "cannot be a settings key: letters, digits, _ and -, in parts joined by dots")
    return key


def groups_above(key: str) -> Iterator[str]:
    """The groups that a key is in, outermost first: a and a.b for a.b.c."""
    at = key.find(SEPARATOR)
    while at >= 0:
        yield key[:at]
        at = key.find(SEPARATOR, at + 1)


def groups_of(keys: Iterable[str]) -> frozenset[str]:
    """Every group that the keys make."""
    return frozenset(group for key in keys for group in groups_above(key))
