"""Settings in the environment: which variable is asked for a key, and how its text is read.

With the prefix APP_ the key llm.api_key is APP_LLM__API_KEY, or in the looser form APP_LLM_API_KEY, which may mean
several keys; where both are set the first counts.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NoReturn

from objstore.objects.codec import encode_value
from objstore.objects.values import JsonValue
from objstore.settings.keys import SEPARATOR


class Environment:
    """The variables with a prefix, as they are now."""

    def __init__(self, prefix: str, variables: Mapping[str, str] | None = None) -> None:
        """`variables` stand in for the process's own."""
        source = os.environ if variables is None else variables
        self._prefix = prefix
        self._found = {name: source[name] for name in source if name.startswith(prefix)}

    def of(self, *names: Names) -> dict[str, tuple[str, str]]:
        """The keys that are set, out of these tables, each with its variable's name and text."""
        found: dict[str, tuple[str, str]] = {}
        exact: set[str] = set()
        for variable, text in self._found.items():
            short = variable[len(self._prefix) :]
            for table in names:
                for key in table.get(short, ()):
                    if key not in exact:
                        found[key] = (variable, text)
                        if variable_names(key)[0] == short:
                            exact.add(key)
        return found


Names = Mapping[str, Sequence[str]]
"""The keys that each variable's name, without the prefix, may mean."""


def names_of(keys: Iterable[str]) -> Names:
    """The table of the variables of some keys."""
    table: dict[str, list[str]] = {}
    for key in keys:
        for name in dict.fromkeys(variable_names(key)):
            table.setdefault(name, []).append(key)
    return table


@lru_cache(maxsize=1 << 14)
def variable_names(key: str) -> tuple[str, str]:
    """The names that a key has in the environment, without the prefix: the exact one and the loose one."""
    upper = key.upper().replace("-", "_")
    return upper.replace(SEPARATOR, "__"), upper.replace(SEPARATOR, "_")


def read_text(text: str) -> JsonValue:
    """What a text says: the JSON value that it is, or itself. Never a value that JSON would bend or that is no JSON."""
    try:
        value = parse_json(text)
        encode_value(value)
    except (ValueError, RecursionError):
        return text
    return value


def write_text(value: JsonValue) -> str:
    """A text that `read_text` reads as this value: JSON, or the text itself where it is not JSON by chance."""
    if isinstance(value, str) and read_text(value) == value and value.isprintable() and value == value.strip():
        return value
    return json.dumps(value, ensure_ascii=False)


def parse_json(text: str) -> JsonValue:
    """The value of a JSON text. ValueError: it is none, or gives a key twice, or a number that JSON does not have."""
    return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)


def _once(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {json.dumps(twice)} is given twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON's")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is more than a 64-bit number holds")
    return number
