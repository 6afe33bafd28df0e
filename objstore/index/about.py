"""Who speaks in an event, which tools it is about, and when it happened by its own word: what a search can be limited to.

Knows the shapes that agents write: chat messages with blocks and tool calls (OpenAI, Anthropic), Claude Code, Codex,
OpenHands (both generations) and SWE-agent. Of anything else it knows nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple, cast

from objstore.index.words import storable
from objstore.objects.hashing import checksum
from objstore.repository.revisions import microseconds

_ENVELOPES = ("message", "llm_message", "payload")
_SAME: Mapping[str, str] = {
    "agent": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "human": "user",
    "developer": "system",
    "function": "tool",
    "environment": "tool",
}
_ANSWERS = frozenset({"function_call_output", "custom_tool_call_output", "local_shell_call_output"})
_CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call"})
_MOST_TOOLS: Final = 16
_MOST_BLOCKS: Final = 256


class About(NamedTuple):
    """`role`: user, assistant, system, tool or what the event itself says; "" if it says nothing. `tools`: names of
    tools that are called or that answer. `time`: µs since 1970 UTC of the member `timestamp`, or None."""

    role: str
    tools: tuple[str, ...]
    time: int | None


def about(value: object) -> About:
    """What is known of an event."""
    outer = _members(value)
    inner = next((_members(outer[key]) for key in _ENVELOPES if isinstance(outer.get(key), dict)), outer)
    found = dict.fromkeys(storable(name) for name in _tools(outer, inner) if name)
    return About(same_role(_role(outer, inner)), tuple(found)[:_MOST_TOOLS], _time(outer))


def same_role(name: str) -> str:
    """The role under which a name of a role is kept: "agent" is an assistant, "function" a tool."""
    folded = storable(name).casefold()
    return _SAME.get(folded, folded)


def mark(kind: str, name: str) -> str:
    """The word that stands for a role or tool in the full text table: of letters and digits, one for each name."""
    return f"q{checksum(kind.encode(), b'=', storable(name).encode()).hex()[:20]}"


def marks(known: About) -> str:
    """The words of an event's role and tools."""
    return " ".join([mark("role", known.role), *(mark("tool", name) for name in known.tools)])


def _role(outer: Mapping[str, object], inner: Mapping[str, object]) -> str:
    if _answers(outer, inner):
        return "tool"
    named = (inner.get("role"), outer.get("role"), outer.get("source"))
    said = next((text for text in named if isinstance(text, str) and text), "")
    if said:
        return said
    if inner.get("type") in _CALLS or ("action" in outer and "observation" in outer):
        return "assistant"
    kind = _text(outer.get("type"))
    return kind if kind in ("user", "assistant", "system") else ""


def _answers(outer: Mapping[str, object], inner: Mapping[str, object]) -> bool:
    """Whether an event is what a tool said. A step of SWE-agent, which holds both sides, is the assistant's."""
    if outer.get("observation") is not None and "action" not in outer:
        return True
    if inner.get("type") in _ANSWERS or outer.get("kind") == "ObservationEvent":
        return True
    return any(block.get("type") == "tool_result" for block in _blocks(inner.get("content")))


def _tools(outer: Mapping[str, object], inner: Mapping[str, object]) -> Iterator[str]:
    calls = inner.get("tool_calls")
    for call in cast("list[object]", calls)[:_MOST_BLOCKS] if isinstance(calls, list) else ():
        members = _members(call)
        yield _text(_members(members.get("function")).get("name")) or _text(members.get("name"))
    for block in _blocks(inner.get("content")):
        if block.get("type") == "tool_use":
            yield _text(block.get("name"))
    if inner.get("role") in ("tool", "function") or inner.get("type") in _CALLS:
        yield _text(inner.get("name"))
    yield _text(outer.get("tool_name"))
    yield _text(_members(outer.get("tool_call_metadata")).get("function_name"))
    action = outer.get("action")
    if isinstance(action, str) and "response" in outer and action.strip():  # SWE-agent: a command line
        yield action.split(maxsplit=1)[0][:100]


def _blocks(content: object) -> Iterator[Mapping[str, object]]:
    for block in cast("list[object]", content)[:_MOST_BLOCKS] if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield cast("Mapping[str, object]", block)


def _time(outer: Mapping[str, object]) -> int | None:
    text = outer.get("timestamp")
    if not isinstance(text, str):
        return None
    try:
        return microseconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _members(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
