"""Roles and tools of the shapes that agents write."""

from __future__ import annotations

import pytest

from objstore.index.about import About, about, mark, marks, same_role


@pytest.mark.parametrize(
    ("value", "role", "tools"),
    [
        ({"role": "user", "content": "x"}, "user", ()),
        ({"role": "developer", "content": "x"}, "system", ()),
        ({"role": "planner", "content": "x"}, "planner", ()),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "bash"}}, {"name": "edit"}]},
            "assistant",
            ("bash", "edit"),
        ),
        ({"role": "tool", "name": "bash", "content": "x"}, "tool", ("bash",)),
        ({"role": "assistant", "content": [{"type": "tool_use", "name": "Read", "input": {}}]}, "assistant", ("Read",)),
        (
            {"type": "assistant", "message": {"role": "assistant", "content": [{"type": "tool_use", "name": "Bash"}]}},
            "assistant",
            ("Bash",),
        ),
        ({"type": "user", "message": {"role": "user", "content": [{"type": "tool_result"}]}}, "tool", ()),
        ({"type": "user", "message": {"role": "user", "content": "typed"}}, "user", ()),
        ({"action": "ls -la", "observation": "a", "response": "r", "thought": "t"}, "assistant", ("ls",)),
        ({"source": "user", "action": "message", "args": {}}, "user", ()),
        (
            {"source": "agent", "action": "run", "tool_call_metadata": {"function_name": "bash"}},
            "assistant",
            ("bash",),
        ),
        ({"source": "agent", "observation": "run", "tool_call_metadata": {"function_name": "bash"}}, "tool", ("bash",)),
        ({"kind": "ActionEvent", "source": "agent", "tool_name": "terminal", "action": {}}, "assistant", ("terminal",)),
        ({"kind": "ObservationEvent", "source": "environment", "tool_name": "terminal"}, "tool", ("terminal",)),
        ({"type": "response_item", "payload": {"type": "function_call", "name": "shell"}}, "assistant", ("shell",)),
        ({"type": "response_item", "payload": {"type": "function_call_output", "output": "x"}}, "tool", ()),
        ({"type": "summary"}, "", ()),
        ("text", "", ()),
        ([1], "", ()),
        ({"role": 3, "tool_calls": "no", "content": [7], "action": None}, "", ()),
    ],
)
def test_who_speaks_and_which_tools(value: object, role: str, tools: tuple[str, ...]) -> None:
    assert about(value)[:2] == (role, tools)


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        ("2026-01-01T00:00:00Z", 1767225600000000),
        ("2026-01-01T00:00:00", 1767225600000000),
        ("2026-01-01T01:00:00.000001+01:00", 1767225600000001),
        ("soon", None),
        (1767225600, None),
    ],
)
def test_the_time_that_an_event_names(timestamp: object, time: int | None) -> None:
    assert about({"timestamp": timestamp}).time == time


def test_every_name_has_a_mark_of_its_own_that_is_one_word() -> None:
    names = ["bash", "Bash", "str_replace_editor", "str replace editor", "", '"', "a\ud800"]
    found = {mark(kind, name) for kind in ("role", "tool") for name in names}
    assert len(found) == 2 * len(names)
    assert all(word.isalnum() and word.isascii() for word in found)
    assert marks(About("user", ("bash",), None)).split() == [mark("role", "user"), mark("tool", "bash")]


def test_roles_of_one_meaning_are_one() -> None:
    assert same_role("Agent") == same_role("assistant")
    assert same_role("function") == "tool"
