"""Events for reading: who speaks, what is said, which tool is called, in the shapes that agents write."""

from __future__ import annotations

import pytest

from objstore.conversations.readable import Part, readable, summary
from objstore.importers.documents import split


@pytest.mark.parametrize(
    ("event", "who", "parts"),
    [
        ({"role": "user", "content": "hi"}, "user", [("text", "", "hi")]),
        ({"role": "assistant", "content": [{"type": "text", "text": "a"}]}, "assistant", [("text", "", "a")]),
        (
            {"role": "assistant", "content": [{"type": "tool_use", "name": "ls", "input": {"command": "ls -l"}}]},
            "assistant",
            [("call", "ls", "ls -l")],
        ),
        (
            {"role": "user", "content": [{"type": "tool_result", "content": "out"}]},
            "user",
            [("result", "", "out")],
        ),
        (
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}],
            },
            "assistant",
            [("call", "f", '{"a": 1}')],
        ),
        ({"role": "tool", "name": "f", "content": "out"}, "tool", [("result", "f", "out")]),
        (
            {"role": "assistant", "thinking": "hm", "content": "so"},
            "assistant",
            [("thought", "", "hm"), ("text", "", "so")],
        ),
        ({"type": "user", "message": {"role": "user", "content": "x"}}, "user", [("text", "", "x")]),
        (
            {"thought": "hm", "action": "ls\n", "observation": "a b"},
            "assistant",
            [("thought", "", "hm"), ("call", "", "ls"), ("result", "", "a b")],
        ),
        (
            {"source": "agent", "action": {"kind": "Bash", "command": "ls"}, "tool_name": "bash"},
            "agent",
            [("call", "bash", "ls")],
        ),
        ({"n": 1}, "event", [("data", "", '{\n  "n": 1\n}')]),
        (7, "event", [("data", "", "7")]),
        (None, "event", [("data", "", "null")]),
    ],
)
def test_an_event_is_read_for_what_it_says(event: object, who: str, parts: list[tuple[str, str, str]]) -> None:
    assert readable(event) == (who, [Part(*part) for part in parts])  # type: ignore[arg-type]


def test_a_summary_is_one_short_line() -> None:
    text = summary({"role": "user", "content": "many\nlines " * 100})
    assert text.startswith("user: many lines many")
    assert text.endswith("…")
    assert len(text) <= 72


def test_what_stood_around_an_imported_document_is_told_as_such() -> None:
    header = next(split({"info": 1, "trajectory": [1], "env": 2}, "trajectory"))
    assert summary(header) == "(the document around its trajectory: info, env)"
    assert summary({"trajectory": {"objstore": "something else"}}).startswith("event: ")


def test_long_data_is_whole_since_whoever_shows_it_folds_it() -> None:
    (part,) = readable({"data": "x" * 5000}).parts
    assert part.text.count("x") == 5000


def test_blocks_in_blocks_without_end_are_left_off() -> None:
    content: object = "deep"
    for _ in range(50):
        content = [content]
    assert readable({"role": "user", "content": content}).who == "user"
