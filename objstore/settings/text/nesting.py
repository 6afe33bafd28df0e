"""Dotted keys as nested tables, and back.

A table is a group of keys, so that a value which is itself a mapping is written as {"$value": …}, and the name of a
secret as {"$secret": "llm.api_key"}: no part of a key has a $.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from objstore.errors import InvalidSetting, InvalidValue
from objstore.objects.values import JsonValue
from objstore.settings.keys import SEPARATOR, check_setting_key
from objstore.settings.text.items import Item, Read, Reference

_VALUE = "$value"
_SECRET = "$secret"

Table = dict[str, Any]
"""Names with tables (groups) or leaves. A leaf that is a dict has one of the marks."""


def nest(items: Mapping[str, Item]) -> Table:
    """Dotted keys as nested tables; in each, leaves before groups. InvalidSetting: a key is a group of others."""
    top: Table = {}
    for key, item in items.items():
        *groups, last = key.split(SEPARATOR)
        table = top
        for name in groups:
            table = table.setdefault(name, {})
            if not is_group(table):
                raise InvalidSetting(key, "is in a group that is a value as well")
        if last in table:
            raise InvalidSetting(key, "is a value and a group of others")
        if isinstance(item, Reference):
            table[last] = {_SECRET: item.key}
        else:
            table[last] = {_VALUE: item} if isinstance(item, dict) else item
    return _leaves_first(top)


def is_group(value: object) -> bool:
    """Whether something in a table is a table of keys, not a leaf."""
    return isinstance(value, dict) and not any(name.startswith("$") for name in cast("dict[str, Any]", value))


def flatten(table: Mapping[str, Any]) -> dict[str, Read]:
    """Nested tables as dotted keys. InvalidSetting: a name that is no key, one that stands twice, a mark used wrong."""
    found: dict[str, Read] = {}
    waiting: list[tuple[str, Mapping[str, Any]]] = [("", table)]
    while waiting:
        prefix, group = waiting.pop()
        for name, value in group.items():
            key = _key(prefix, name)
            if isinstance(value, dict) and not any(part.startswith("$") for part in cast("dict[str, Any]", value)):
                waiting.append((key + SEPARATOR, cast("dict[str, Any]", value)))
                continue
            if key in found:
                raise InvalidSetting(key, "is given twice")
            found[key] = _leaf(key, cast("JsonValue", value))
    return dict(sorted(found.items()))


def _key(prefix: str, name: str) -> str:
    try:
        return check_setting_key(prefix + name)
    except InvalidValue as error:
        hint = f'. A value that is a mapping is written as {{"{_VALUE}": …}}' if prefix else ""
        raise InvalidSetting(prefix + json.dumps(name)[:80], f"{error.reason}{hint}") from None


def _leaf(key: str, value: JsonValue) -> Read:
    if not isinstance(value, dict):
        return value
    if list(value) == [_VALUE]:
        return value[_VALUE]
    named = value.get(_SECRET)
    if list(value) == [_SECRET] and isinstance(named, str):
        return Reference(named)
    raise InvalidSetting(key, f'has a mark that means nothing; there are {{"{_VALUE}": …}} and {{"{_SECRET}": "KEY"}}')


def _leaves_first(table: Table) -> Table:
    groups = {name: _leaves_first(value) for name, value in table.items() if is_group(value)}
    return {name: value for name, value in table.items() if name not in groups} | groups
