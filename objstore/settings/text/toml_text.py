"""Settings as TOML 1.0: read by the standard library, written by the few lines below."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, cast

from objstore.errors import InvalidSetting, UnreadableSettings
from objstore.objects.values import JsonValue
from objstore.settings.keys import SEPARATOR
from objstore.settings.text.items import Item, Read, Reference, Worded, quoted
from objstore.settings.text.nesting import Table, flatten, is_group, nest

_INTEGERS = range(-(1 << 63), 1 << 63)


def encode_toml(items: Mapping[str, Item]) -> str:
    """The text. InvalidSetting: a key holds null, or an integer beyond 64 bits, which TOML has not."""
    return "\n".join(_lines(nest(items), "")).lstrip("\n") + "\n"


def _lines(table: Table, group: str) -> Iterator[str]:
    if group and not all(map(is_group, table.values())):
        yield f"\n[{group}]"
    for name, value in table.items():
        key = f"{group}{SEPARATOR}{name}" if group else name
        if is_group(value):
            yield from _lines(value, key)
        else:
            yield f"{name} = {_value(key, value)}"


def _value(key: str, value: JsonValue) -> str:
    if value is None:
        raise InvalidSetting(key, "is null or holds null, which TOML has not")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value not in _INTEGERS:
            raise InvalidSetting(key, "is or holds an integer of more than 64 bits, which TOML has not")
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(key, each) for each in value)}]"
    pairs = [f"{quoted(name)} = {_value(key, each)}" for name, each in value.items()]
    return f"{{ {', '.join(pairs)} }}" if pairs else "{}"


def decode_toml(text: str) -> dict[str, Read]:
    """What the text holds by key. UnreadableSettings; InvalidSetting: a date, or a float that is no number."""
    try:
        table = tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise UnreadableSettings("TOML", "it is nested too deep") from None
    except ValueError as error:
        raise UnreadableSettings("TOML", str(error)) from None
    found = flatten(table)
    for key, item in found.items():
        if not isinstance(item, Reference | Worded) and _has_date(item):
            raise InvalidSetting(key, "is or holds a date; settings are JSON: write it in quotes")
    return found


def _has_date(value: JsonValue) -> bool:
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += cast("list[Any]", each)
        elif isinstance(each, dict):
            waiting += cast("dict[str, Any]", each).values()
        elif isinstance(each, date | datetime | time):
            return True
    return False
