"""`objstore settings …`."""

from __future__ import annotations

import pytest

from tests.cli.calls import Calls

ON = (("user",), ("--conversation", "c"))


@pytest.mark.parametrize("on", ON)
def test_a_key_is_set_got_listed_and_unset(call: Calls, on: tuple[str, ...]) -> None:
    call("settings", "set", *on, "llm.model", "small", "--create")
    call("settings", "set", *on, "llm.limit", "3")
    assert call("settings", "get", *on, "llm.model") == "small\n"
    assert call("settings", "list", *on) == 'llm.limit = 3\nllm.model = "small"\n'
    call("settings", "unset", *on, "llm.limit", "llm.model")
    assert call("settings", "list", *on) == ""
    assert "no setting 'llm.model'" in call("settings", "get", *on, "llm.model", code=3)
    assert call("settings", "get", *on, "llm.model", "--at", "~1") == "small\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("true", True),
        ("null", None),
        ('"3"', "3"),
        ('{"b": 1, "a": [2]}', {"b": 1, "a": [2]}),
        ("gpt-5", "gpt-5"),
        ("{unclosed", "{unclosed"),
        ("NaN", "NaN"),
        ("", ""),
    ],
)
def test_a_value_is_json_if_it_parses_and_else_text(call: Calls, text: str, value: object) -> None:
    call("settings", "set", "user", "k", text, "--create")
    (got,) = call.json("settings", "get", "user", "k")
    assert got == {"key": "k", "value": value}
    assert type(got["value"]) is type(value)


def test_text_stays_text_when_asked_for(call: Calls) -> None:
    call("settings", "set", "user", "k", "3", "--text", "--create")
    assert call.json("settings", "get", "user", "k")[0]["value"] == "3"


def test_json_that_would_lose_something_is_refused(call: Calls) -> None:
    assert "twice" in call("settings", "set", "user", "k", '{"a": 1, "a": 2}', "--create", code=2)
    call("settings", "set", "user", "k", '{"a": 1, "a": 2}', "--create", "--text")


def test_a_key_that_is_none_is_refused(call: Calls) -> None:
    assert "settings key" in call("settings", "set", "user", "a b", "1", "--create", code=2)
    assert call.json("settings") == []


def test_names_are_listed_where_none_is_given(call: Calls) -> None:
    call("settings", "set", "user", "k", "1", "--create")
    assert call.json("settings") == [{"name": "user", "keys": 1}]
    assert "(or add --create)" in call("settings", "set", "other", "k", "1", code=3)


def test_what_counts_is_resolved_with_where_it_came_from(call: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    call("settings", "set", "user", "b", "1", "--create")
    call("settings", "set", "user", "c", "1")
    call("settings", "set", "user", "d", "1")
    monkeypatch.setenv("APP_C", "2")
    words = ("settings", "resolve", "user", "--default", "a=0", "--default", "b=0", "--override", "d=x")
    lines = call.json(*words, "--env-prefix", "APP_")
    assert [(line["key"], line["value"], line["source"], line["scope"]) for line in lines] == [
        ("a", 0, "default", ""),
        ("b", 1, "stored", "settings/user"),
        ("c", 2, "environment", "APP_C"),
        ("d", "x", "override", ""),
    ]
    assert [line["commit"] is not None for line in lines] == [False, True, False, False]
    assert "KEY=VALUE" in call("settings", "resolve", "user", "--default", "a", code=2)
