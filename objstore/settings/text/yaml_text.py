"""Settings as YAML 1.2: written by the few lines below, read by PyYAML's parser with the core schema of 1.2.

What other readers of YAML bend is avoided on both sides: `no` and `on` are text, texts are in quotes wherever any reader
could take them for something else. Anchors, tags and several documents are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from objstore.errors import UnreadableSettings
from objstore.objects.values import MAX_DEPTH, JsonValue
from objstore.settings.text.items import Item, Read, quoted
from objstore.settings.text.nesting import Table, flatten, is_group, nest

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*", re.ASCII)
_NO_WORD: Final = re.compile(r"(y|n|yes|no|on|off|true|false|null|nan|inf(inity)?)", re.ASCII | re.IGNORECASE)
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_INT: Final = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OTHER_INT: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NO_NUMBER: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS: Final[dict[str, JsonValue]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MISSING = "reading it takes PyYAML. Run: pip install 'objstore-vcs[yaml]'"


def encode_yaml(items: Mapping[str, Item]) -> str:
    """The text. InvalidSetting."""
    table = nest(items)
    return "\n".join(_lines(table, "")) + "\n" if table else "{}\n"


def _lines(table: Table, indent: str) -> Iterator[str]:
    for name, value in table.items():
        key = _word(name, _KEY)
        if is_group(value):
            yield f"{indent}{key}:"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{key}: {_value(value)}"


def _value(value: JsonValue) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        digits, exponent, power = repr(value).partition("e")
        return digits + (".0" if exponent and "." not in digits else "") + exponent + power  # 1e-07 is text to some
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _word(value, _WORD)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return f"{{{', '.join(f'{quoted(name)}: {_value(each)}' for name, each in value.items())}}}"


def _word(text: str, form: re.Pattern[str]) -> str:
    return text if form.fullmatch(text) and not _NO_WORD.fullmatch(text) else quoted(text)


def decode_yaml(text: str) -> dict[str, Read]:
    """What the text holds by key. UnreadableSettings (PyYAML is not installed, too), InvalidSetting."""
    try:
        import yaml
    except ImportError:
        raise UnreadableSettings("YAML", _MISSING) from None
    try:
        value = _Builder().build(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise UnreadableSettings("YAML", " ".join(str(error).split())) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableSettings("YAML", "it holds no mapping")
    return flatten(value)


class _Builder:
    """Makes one value out of the parser's events, without recursion."""

    def __init__(self) -> None:
        self._top: list[Any] = []
        self._open: list[Any] = [self._top]  # containers from the outermost to where the next value goes
        self._names: list[str | None] = [None]  # the name that the next value gets, where that is a mapping

    def build(self, events: Iterator[Any]) -> JsonValue:
        """The value of the only document, None where there is none."""
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent" and self._top:
                raise _fault(event, "a second document")
            if kind == "AliasEvent" or getattr(event, "anchor", None) is not None:
                raise _fault(event, "an anchor or alias; write the value out")
            if kind == "ScalarEvent":
                self._scalar(event)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._enter(event, {} if kind == "MappingStartEvent" else [])
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self._open.pop()
                self._names.pop()
        return self._top[0] if self._top else None

    def _enter(self, event: Any, made: Any) -> None:
        if event.tag is not None:
            raise _fault(event, f"the tag {event.tag}")
        if len(self._open) > MAX_DEPTH:
            raise _fault(event, "more nesting than settings have")
        self._put(event, made)
        self._open.append(made)
        self._names.append(None)

    def _scalar(self, event: Any) -> None:
        if event.tag not in (None, "!"):
            raise _fault(event, f"the tag {event.tag}")
        plain = event.implicit[0] and event.style is None
        if type(self._open[-1]) is dict and self._names[-1] is None:
            if event.value == "<<" and plain:
                raise _fault(event, "a merge of mappings; write them out")
            if event.value in self._open[-1]:
                raise _fault(event, f"the key {quoted(event.value)} twice")
            self._names[-1] = event.value
        else:
            self._put(event, _plain(event) if plain else event.value)

    def _put(self, event: Any, value: Any) -> None:
        into, name = self._open[-1], self._names[-1]
        if isinstance(into, list):
            cast("list[Any]", into).append(value)
        elif name is None:
            raise _fault(event, "a key that is no text")
        else:
            into[name] = value
            self._names[-1] = None


def _plain(event: Any) -> JsonValue:
    text: str = event.value
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        if _INT.fullmatch(text):
            return int(text)
        if _OTHER_INT.fullmatch(text):
            return int(text, 0)
    except ValueError:
        raise _fault(event, "an integer of too many digits") from None
    if _NO_NUMBER.fullmatch(text) or (_FLOAT.fullmatch(text) and math.isinf(float(text))):
        raise _fault(event, f"the number {text[:40]}, which JSON has not")
    return float(text) if _FLOAT.fullmatch(text) else text


def _fault(event: Any, what: str) -> UnreadableSettings:
    return UnreadableSettings("YAML", f"line {event.start_mark.line + 1} has {what}")
