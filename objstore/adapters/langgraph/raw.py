"""Values of channels as their serializer made them, and how they stand in an event.

A list is kept item by item: a new version names the runs of items that it shares with an older one, and holds what is
new. So a history of messages costs what was said, whatever its length, and so does one that was trimmed or edited.
Whether items are equal is decided by their bytes alone, never by who the objects are: they can change in place.

Bytes stand in events as text. UTF-8 stays readable, so that messages can be searched; each byte that is none becomes
the Braille pattern of its number (U+2800 and up: no part of any word), and comes back exactly.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Callable
from typing import TypeAlias, cast

from objstore.objects.values import JsonValue

Typed: TypeAlias = tuple[str, bytes]
"""A serialized value: what `dumps_typed` gives."""

Raw: TypeAlias = Typed | list[Typed]
"""A channel's value: one serialized value, or those of the items of a list."""

_USUAL = "msgpack"  # The type that is left out.
_FIRST = 0x2800
_BRAILLE = re.compile(rb"\xe2[\xa0-\xa3][\x80-\xbf]")
_ERRORS = "objstore.langgraph"
_LENGTHS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_SCALARS = (int, float, complex, type(None))


def serialize(value: object, dumps: Callable[[object], Typed]) -> Raw:
    """The raw form of a value. A list of numbers stays in one piece: they are not worth a place of their own."""
    if type(value) is list:
        items = cast("list[object]", value)
        if items and not any(isinstance(items[at], _SCALARS) for at in (0, len(items) // 2, -1)):
            return [_exact(dumps(item)) for item in items]
    return _exact(dumps(cast("object", value)))


def _exact(typed: Typed) -> Typed:
    # A serializer may hand out the caller's own bytearray.
    return typed if type(typed[1]) is bytes else (typed[0], bytes(typed[1]))


def deserialize(raw: Raw, loads: Callable[[Typed], object]) -> object:
    """The value of a raw form."""
    return [loads(item) for item in raw] if isinstance(raw, list) else loads(raw)


def joined(raw: Raw) -> Typed | None:
    """A list of msgpack values as the msgpack of the list, to be read in one go; None if it is another."""
    if not isinstance(raw, list) or any(kind != _USUAL for kind, _ in raw):
        return None
    return _USUAL, b"".join((b"\xdd", len(raw).to_bytes(4), *(data for _, data in raw)))


def to_json(typed: Typed) -> JsonValue:
    """A serialized value in an event: its text, or [type, text] if the type is not msgpack, or [type, text, "base64"]."""
    kind, data = typed
    if _BRAILLE.search(data):
        return [kind, base64.b64encode(data).decode(), "base64"]
    text = data.decode("utf-8", _ERRORS)
    return text if kind == _USUAL else [kind, text]


def from_json(value: JsonValue) -> Typed:
    """The serialized value of what `to_json` gave."""
    if isinstance(value, str):
        return _USUAL, _bytes_of(value)
    kind, text, *coded = cast("list[str]", value)
    return kind, base64.b64decode(text) if coded else _bytes_of(text)


def _bytes_of(text: str) -> bytes:
    return _BRAILLE.sub(_byte_of, text.encode())


def _byte_of(pattern: re.Match[bytes]) -> bytes:
    return bytes((ord(pattern[0].decode()) - _FIRST,))


def _patterns_for(error: UnicodeError) -> tuple[str, int]:
    """Braille for bytes that are no text; behind the head of a text in msgpack also for its length, which is not either."""
    assert isinstance(error, UnicodeDecodeError)
    stop = min(
        error.start + 1 + _LENGTHS.get(error.object[error.start], error.end - error.start - 1), len(error.object)
    )
    return "".join(chr(_FIRST + byte) for byte in error.object[error.start : stop]), stop


codecs.register_error(_ERRORS, _patterns_for)


def difference(old: list[Typed], new: list[Typed]) -> list[JsonValue]:
    """A list as runs [start, stop] of an old one and, between them, new items in the form of `to_json`."""
    if new[: len(old)] == old:
        parts: list[JsonValue] = [[0, len(old)]] if old else []
        return parts + [to_json(item) for item in new[len(old) :]]
    places = {item: at for at, item in reversed(list(enumerate(old)))}
    parts, start, stop = [], 0, 0
    for item in new:
        if stop < len(old) and start < stop and old[stop] == item:
            stop += 1
            continue
        if start < stop:
            parts.append([start, stop])
            start = stop = 0
        at = places.get(item)
        if at is None:
            parts.append(to_json(item))
        else:
            start, stop = at, at + 1
    if start < stop:
        parts.append([start, stop])
    return parts


def apply(old: list[Typed], parts: list[JsonValue]) -> list[Typed]:
    """The list that `difference` took apart. `old` may be used up: it is the caller's own."""
    if parts and parts[0] == [0, len(old)]:
        rest = parts[1:]
        if not any(map(_is_run, rest)):
            old.extend(map(from_json, rest))
            return old
    new: list[Typed] = []
    for part in parts:
        if _is_run(part):
            start, stop = cast("list[int]", part)
            new.extend(old[start:stop])
        else:
            new.append(from_json(part))
    return new


def _is_run(part: JsonValue) -> bool:
    return isinstance(part, list) and isinstance(part[0], int)


def size_of(typed: Typed) -> int:
    """Bytes of a serialized value."""
    return len(typed[1])


def is_plain(value: object) -> bool:
    """Whether a value is made of JSON's own types exactly, so that it can stand in an event as it is."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and is_plain(item) for key, item in cast("dict[object, object]", value).items())
    if kind is list:
        return all(map(is_plain, cast("list[object]", value)))
    if kind is float:
        number = cast("float", value)
        return number - number == 0  # Neither infinite nor NaN.
    return kind is str or kind is int or kind is bool or value is None
