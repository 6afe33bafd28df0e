"""Which text of an event is searched: the texts in its JSON value, without what no person or model wrote.

All leaves that are text count, in the order of the value, with these exceptions:

- ids that a machine made, times, signatures: members that are known to hold them and do;
- one-word labels that say what an event or block is (`role`, `type`), or else a search for "user" would find them all;
- data in base64, and long runs of characters without any space;
- what an event repeats (Claude Code and SWE-agent write the same output twice);
- the whole history that SWE-agent puts into each step (`query`).

Arguments of tool calls that are JSON in text are read as JSON, since "\\n" is no letter n. Names of members are no text.
The result depends on the value alone and is bounded: deleting from the index needs the same text again. Who changes
anything here or in `words` raises `database.VERSION`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from objstore.index.words import camel_parts, spaced, storable

MAX_CHARACTERS: Final = 1 << 17
"""Characters of an event that are searched; what comes after is not."""

_IDS = frozenset(
    [
        "id",
        "uuid",
        "parentUuid",
        "leafUuid",
        "logicalParentUuid",
        "sessionId",
        "session_id",
        "tool_call_id",
        "tool_use_id",
        "toolUseID",
        "call_id",
        "callId",
        "requestId",
        "request_id",
        "messageId",
        "message_id",
        "response_id",
        "parent_id",
        "conversation_id",
        "timestamp",
        "created_at",
        "updated_at",
        "signature",
        "thought_signature",
        "thoughtSignature",
        "encrypted_content",
        "sourceToolAssistantUUID",
    ]
)
_LABELS = frozenset(["role", "type", "source", "kind", "subtype", "userType", "stop_reason", "finish_reason", "object"])
_LABEL = re.compile(r"[\w.-]{1,40}", re.ASCII)
_MACHINE_MADE = re.compile(r"[\w.:+/=-]{16,}", re.ASCII)
_DATA = re.compile(r"(?:data:[^,]{0,100};base64,)?[A-Za-z0-9+/=_-]{256,}")
_JSON_IN_TEXT = frozenset({"arguments", "input"})
_COMPARED = 8
_REPEATED = 40  # characters; shorter texts repeat by chance


class Indexed(NamedTuple):
    """What of an event goes into the full text table: its text, and the parts of the words in camelCase."""

    text: str
    parts: str


def indexed_text(value: object) -> Indexed:
    """What of an event is searched."""
    text = "\n".join(plain_texts(value))
    return Indexed(spaced(text), camel_parts(text))


def plain_texts(value: object) -> Iterator[str]:
    """The texts of an event that are searched, as they were written; at most MAX_CHARACTERS in all."""
    left = MAX_CHARACTERS
    long: list[str] = []
    for leaf in _leaves(value):
        text = storable(leaf if len(leaf) <= left else leaf[:left])
        if len(text) >= _REPEATED:
            if any(text in other for other in long):
                continue
            long = [*long[-_COMPARED:], text]
        yield text
        left -= len(text) + 1
        if left <= 0:
            return


def _leaves(value: object) -> Iterator[str]:
    """Every text in a value that counts, in order. Without recursion: values are up to 1,024 levels deep."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, item = waiting.pop()
        if isinstance(item, str):
            if name in _JSON_IN_TEXT and item[:1] in ("{", "["):
                inner = _parsed(item)
                if inner is not None:
                    waiting.append(("", inner))
                    continue
            if item and not _is_no_prose(name, item):
                yield item
        elif isinstance(item, dict):
            members = cast("dict[str, object]", item)
            step = "observation" in members and "query" in members
            waiting.extend((key, members[key]) for key in reversed(members) if not (step and key == "query"))
        elif isinstance(item, list):
            waiting.extend((name, inner) for inner in reversed(cast("list[object]", item)))


def _is_no_prose(name: str, text: str) -> bool:
    if (name in _IDS and _MACHINE_MADE.fullmatch(text)) or (name in _LABELS and _LABEL.fullmatch(text)):
        return True
    return len(text) >= 256 and _DATA.match(text) is not None


def _parsed(text: str) -> object:
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
