"""Serializing the values of channels at each put, message by message, and each message once for as long as it is the same.

LangGraph's serializer takes 10 µs for a message object, nearly all of it for copying the object's fields in Python; a
digest of the fields themselves takes 3. So what was made of a message is used again where its class and the digest of
all its fields are as they were: who the object is does not count, since it may have been changed in place. That is only
done where the outcome depends on nothing else: for the message classes of langchain_core themselves (not for what
inherits from them), with fields of JSON's kind, under LangGraph's own serializer.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

import ormsgpack
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from objstore.adapters.langgraph.raw import Raw, Typed, serialize

Digest = bytes
Made = tuple[type, Digest, Typed]
"""A message's class, the digest of its fields, and what was made of it."""

_KEPT = 64  # Lists.
_OPTIONS = (
    ormsgpack.OPT_NON_STR_KEYS
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_UUID
    | ormsgpack.OPT_REPLACE_SURROGATES
)
"""As the serializer's: of what it hands to Python nothing is packed here."""


class Memory:
    """What was made of the messages of some lists when they were serialized last. For one thread at a time."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, str], list[Made | None]] = OrderedDict()

    def serialize_all(self, ns: str, values: Mapping[str, object], serde: SerializerProtocol) -> dict[str, Raw]:
        """The raw forms of the channels of a namespace."""
        return {channel: self.serialize((ns, channel), value, serde) for channel, value in values.items()}

    def serialize(self, place: tuple[str, str], value: object, serde: SerializerProtocol) -> Raw:
        """The raw form of the value of a channel; `place` is its namespace and name."""
        items = cast("list[object]", value)
        if type(value) is not list or type(serde) is not JsonPlusSerializer:
            return serialize(items, serde.dumps_typed)
        if not items or not is_message(items[-1]):
            return serialize(items, serde.dumps_typed)
        before = self._made.get(place, [])
        made: list[Made | None] = []
        raw: list[Typed] = []
        for at, item in enumerate(items):
            known = before[at] if at < len(before) else None
            kind, digest = type(item), digest_of(item)
            if digest is None:
                made.append(None)
                raw.append(serde.dumps_typed(item))
            elif known is not None and known[0] is kind and known[1] == digest:
                made.append(known)
                raw.append(known[2])
            else:
                typed = serde.dumps_typed(item)
                made.append((kind, digest, typed))
                raw.append(typed)
        self._made[place] = made
        self._made.move_to_end(place)
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return raw


def is_message(item: object) -> bool:
    """Whether an item is a message of langchain_core's own, whose serialized form its fields decide alone."""
    kind = type(item)
    return issubclass(kind, BaseMessage) and kind.__module__.startswith("langchain_core.messages.")


def digest_of(item: object) -> Digest | None:
    """A digest of all fields of a message; None: it is none, or has fields that Python code would serialize."""
    if not is_message(item):
        return None
    message = cast("Any", item)
    if message.__pydantic_private__ is not None:
        return None
    try:
        fields = ormsgpack.packb((message.__dict__, message.__pydantic_extra__), option=_OPTIONS)
    except ormsgpack.MsgpackEncodeError:
        return None
    return hashlib.sha256(fields).digest()
