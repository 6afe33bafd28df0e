"""What a settings file holds under a key, and the checks that all formats share."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from objstore.errors import InvalidSetting
from objstore.objects.codec import encode_value
from objstore.objects.values import JsonValue

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class Reference(NamedTuple):
    """A place that names a secret and does not hold it."""

    key: str


class Worded(NamedTuple):
    """A text whose type the format does not tell, with the name that it stands under."""

    text: str
    name: str


Item: TypeAlias = "JsonValue | Reference"
"""What is written: a value, or the name of a secret."""

Read: TypeAlias = "JsonValue | Reference | Worded"
"""What was read. A dict or list may be checked no further than its format does: see `check_read`."""


def check_text(key: str, value: JsonValue) -> None:
    """Refuse text that no file of UTF-8 can hold: InvalidSetting."""
    if any(_SURROGATE.search(text) for text in _texts(value)):
        raise InvalidSetting(key, "holds half a character (a lone surrogate), which no text file can")


def check_read(items: Mapping[str, Read]) -> None:
    """Refuse what settings cannot hold: InvalidSetting, InvalidValue."""
    for key, item in items.items():
        if not isinstance(item, Reference | Worded):
            encode_value(item, key)


def _texts(value: JsonValue) -> list[str]:
    waiting: list[Any] = [value]
    found: list[str] = []
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            found += each
            waiting += each.values()
    return found


def quoted(text: str) -> str:
    r"""A text in double quotes, as JSON, TOML and YAML read it alike: escapes are \" \\ \b \f \n \r \t \uXXXX."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
