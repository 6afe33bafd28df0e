"""Which items a search finds: filters on values, conditions on namespaces, and words shared with a query."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from langgraph.store.base import MatchCondition

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_WORD = re.compile(r"\w+")


def fits(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a value has what a filter asks for. ValueError: the filter has an operator that there is not."""
    return all(_fits(value.get(name), condition) for name, condition in wanted.items())


def _fits(value: object, wanted: object) -> bool:
    if not isinstance(wanted, Mapping):
        return value == wanted
    conditions = cast("Mapping[str, object]", wanted)
    if not any(name.startswith("$") for name in conditions):
        return isinstance(value, Mapping) and fits(cast("Mapping[str, Any]", value), conditions)
    return all(_compare(value, name, operand) for name, operand in conditions.items())


def _compare(value: object, name: str, operand: object) -> bool:
    if name not in _OPERATORS:
        raise ValueError(f"a filter has no operator {name!r}; there are {', '.join(_OPERATORS)}")
    try:
        return _OPERATORS[name](value, operand)
    except TypeError:  # They have no order, as a text and a number have none.
        return False


def matches(namespace: Sequence[str], condition: MatchCondition) -> bool:
    """Whether a namespace begins, or ends, as a condition says; "*" stands for any one name."""
    path = condition.path
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in ("*", name) for wanted, name in zip(path, part, strict=True))


def words_of(text: str) -> set[str]:
    """The words of a text, whatever their case."""
    return {word.casefold() for word in _WORD.findall(text)}


def shared_words(query: set[str], value: object) -> float:
    """Which part of a query's words a value has in its texts: 0 to 1."""
    there = {word for text in _texts(value) for word in words_of(text)}
    return len(query & there) / len(query)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _texts(item)
