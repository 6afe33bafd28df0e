"""Events as people read them: who speaks, what is said, which tool is called with what, and what it answered.

Knows the shapes that agents write: chat messages with text or blocks and tool calls (OpenAI, Anthropic), and those of
Claude Code, Codex, OpenHands and SWE-agent. Anything else is shown as JSON. It is for reading: ids, usage figures and
the like are left out. Nothing is cut: whoever shows it folds what is long.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, cast

Kind = Literal["text", "thought", "call", "result", "data"]
MARK: Mapping[str, str] = {"objstore": "one event each, after this one"}
"""What importers put in place of a document's list, whose items are events of their own."""

_ENVELOPES = ("message", "llm_message", "payload")
_DEEPEST = 8
_SUMMARY = 72


class Part(NamedTuple):
    """A piece of an event. `label` is a tool's name, or what kind of block it was, or ""."""

    kind: Kind
    label: str
    text: str


class Readable(NamedTuple):
    """An event for reading."""

    who: str
    parts: list[Part]


def readable(event: object) -> Readable:
    """What an event says."""
    outer = _members(event)
    gone = _members(outer.get("redacted"))
    if len(outer) == 1 and sorted(gone) == ["by", "reason", "time"]:
        why = f": {gone['reason']}" if gone["reason"] else ""
        return Readable("redacted", [Part("text", "", f"by {gone['by']} on {str(gone['time'])[:10]}{why}")])
    inner = next((_members(outer[key]) for key in _ENVELOPES if isinstance(outer.get(key), dict)), outer)
    tool = _text(inner.get("name")) or _text(outer.get("tool_name"))
    parts = [*_spoken(inner, tool), *_calls(inner, tool), *_steps(outer, tool), *_outputs(inner, tool)]
    who = _who(outer, inner)
    if not parts:
        parts = [Part("data", "", _json(event, indent=2))]
    return Readable(who, parts)


def summary(event: object) -> str:
    """An event in one short line."""
    header = _header(event)
    if header is not None:
        return header
    who, parts = readable(event)
    part = next((part for part in parts if part.kind == "text"), parts[0])
    said = " ".join(f"{part.label} {part.text[: _SUMMARY * 8]}".split())
    return _shortened(f"{who}: {said}")


def _shortened(line: str) -> str:
    return line if len(line) <= _SUMMARY else line[: _SUMMARY - 1].rstrip() + "…"


def _header(event: object) -> str | None:
    """The line for what stood around the events of an imported document, its first event there; None for others."""
    members = _members(event)
    marked = next((key for key, value in members.items() if value == MARK), None)
    if marked is None:
        return None
    others = ", ".join(key for key in members if key != marked)
    return _shortened(f"(the document around its {marked}: {others or 'nothing'})")


def _who(outer: Mapping[str, object], inner: Mapping[str, object]) -> str:
    named = (inner.get("role"), outer.get("role"), outer.get("source"), inner.get("type"), outer.get("type"))
    who = next((text for text in (*named, outer.get("kind")) if isinstance(text, str) and text), "")
    if who:
        return who
    if "action" in outer or "thought" in outer:
        return "assistant"
    return "event"


def _spoken(inner: Mapping[str, object], tool: str) -> Iterator[Part]:
    """What a message says in its text and blocks."""
    for key in ("thought", "reasoning_content", "thinking"):
        yield from _blocks(inner.get(key), "thought", "")
    answers = inner.get("role") in ("tool", "function") or isinstance(inner.get("observation"), str)
    kind: Kind = "result" if answers else "text"
    for key in ("system_prompt", "content", "text", "summary"):
        yield from _blocks(inner.get(key), kind, tool if kind == "result" else "")
    if isinstance(inner.get("message"), str):
        yield from _blocks(inner["message"], kind, "")


def _calls(inner: Mapping[str, object], tool: str) -> Iterator[Part]:
    """Tool calls beside the content."""
    calls = inner.get("tool_calls")
    for call in cast("list[object]", calls) if isinstance(calls, list) else ():
        members = _members(call)
        function = _members(members.get("function")) or members
        yield _call(_text(function.get("name")), function.get("arguments", function.get("args")))
    if inner.get("type") in ("function_call", "custom_tool_call", "local_shell_call"):
        yield _call(tool or _text(inner.get("type")), inner.get("arguments", inner.get("input", inner.get("action"))))


def _steps(outer: Mapping[str, object], tool: str) -> Iterator[Part]:
    """Actions and observations, of OpenHands and SWE-agent."""
    action = outer.get("action")
    if isinstance(action, dict):
        members = _members(cast("object", action))
        yield _call(tool or _text(members.get("kind")), {key: members[key] for key in members if key != "kind"})
    elif isinstance(action, str) and action not in ("", "message"):  # a message is said already
        args = outer.get("args")
        yield _call(action, cast("object", args)) if isinstance(args, dict) else Part("call", "", action.strip("\n"))
    observation = outer.get("observation")
    if isinstance(observation, dict):
        members = _members(cast("object", observation))
        shown = list(_blocks(members.get("content", members.get("output")), "result", tool))
        yield from shown or [Part("result", tool, _json(cast("object", observation)))]
    elif isinstance(observation, str) and "content" not in outer:
        yield Part("result", "", observation.strip("\n"))


def _outputs(inner: Mapping[str, object], tool: str) -> Iterator[Part]:
    """What a tool answered, where it is called output."""
    if "output" in inner:
        output = inner["output"]
        yield Part("result", tool, output.strip("\n") if isinstance(output, str) else _json(output))


def _blocks(content: object, kind: Kind, label: str, depth: int = 0) -> Iterator[Part]:
    """Text, a block, or a list of blocks."""
    if isinstance(content, str):
        if content.strip():
            yield Part(kind, label, content.strip("\n"))
    elif isinstance(content, list) and depth < _DEEPEST:
        for block in cast("list[object]", content):
            yield from _blocks(block, kind, label, depth + 1)
    elif isinstance(content, dict):
        yield from _block(_members(cast("object", content)), kind, label, depth)


def _block(block: Mapping[str, object], kind: Kind, label: str, depth: int) -> Iterator[Part]:
    name = _text(block.get("type"))
    if name == "tool_use":
        yield _call(_text(block.get("name")), block.get("input"))
    elif name == "tool_result":
        yield from _blocks(block.get("content"), "result", label, depth + 1)
    elif isinstance(block.get("thinking"), str):
        yield from _blocks(block["thinking"], "thought", "", depth)
    elif isinstance(block.get("text"), str):
        yield from _blocks(block["text"], kind, label, depth)
    else:
        yield Part("data", name, _json({key: block[key] for key in block if key != "type"}))


def _call(name: str, arguments: object) -> Part:
    """A call; arguments that are JSON in text (OpenAI's) or one command are shown as they are."""
    if isinstance(arguments, str):
        return Part("call", name, arguments.strip("\n"))
    members = _members(arguments)
    command = members.get("command")
    if isinstance(command, str) and not any(value for key, value in members.items() if key != "command"):
        return Part("call", name, command.strip("\n"))
    return Part("call", name, "" if arguments is None else _json(arguments))


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _members(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
