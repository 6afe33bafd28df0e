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


def test_a_secret_is_read_from_standard_input_and_masked_until_it_is_revealed(call: Calls) -> None:
    said = call("settings", "set-secret", "user", "llm.api_key", "--create", stdin="sk-canary\n")
    assert "objstore keys recovery" in said  # the first one made a key
    call("settings", "set", "user", "llm.model", "x")
    shown = [
        call("settings", "get", "user", "llm.api_key"),
        call("settings", "list", "user"),
        call("settings", "resolve", "user"),
        call("settings", "diff", "user", "~2"),
        call("settings", "diff", "user", "~2", "~0", "--json"),
        call("settings", "log", "user"),
        call("settings", "export", "user"),
        call("settings", "list", "user", "--json"),
        call("show", "settings/user"),
        call("diff", "settings/user~2", "settings/user"),
        call("log", "settings/user", "--json"),
        call("operations", "--json"),
    ]
    assert not any("sk-canary" in text for text in shown)
    assert shown[0] == "********\n"
    assert "+ llm.api_key = ********" in shown[3]
    assert call.json("settings", "get", "user", "llm.api_key")[0]["value"] == {"$secret": "llm.api_key"}
    assert call("settings", "get", "user", "llm.api_key", "--reveal") == "sk-canary\n"
    assert "is a secret" in call("settings", "set", "user", "llm.api_key", "plain", code=2)
    call("settings", "set-secret", "-c", "chat", "k", "--create", stdin="two\r\n")
    assert call("settings", "get", "-c", "chat", "k", "--reveal") == "two\n"


@pytest.mark.parametrize("name", ["s.toml", "s.json", "s.yaml", ".env"])
def test_settings_travel_in_a_file_of_each_format(call: Calls, name: str) -> None:
    call("settings", "set", "user", "llm.model", "x", "--create")
    call("settings", "set", "user", "llm.tries", "3")
    call("settings", "set-secret", "user", "llm.api_key", stdin="sk-canary")
    call("settings", "export", "user", "-o", name)
    assert "sk-canary" not in (call.folder / name).read_text()
    said = call("settings", "import", "other", name, "--create", code=1)
    assert "the secret llm.api_key is named, but not here" in said
    assert call.json("settings", "list", "other") == [
        {"key": "llm.model", "value": "x"},
        {"key": "llm.tries", "value": 3},
    ]
    call("settings", "export", "user", "-o", f"secret{name}", "--reveal")
    assert (call.folder / f"secret{name}").stat().st_mode & 0o777 == 0o600
    call("settings", "import", "other", f"secret{name}", "--secret", "llm.api_key")
    assert call("settings", "get", "other", "llm.api_key", "--reveal") == "sk-canary\n"
    (facts,) = call.json("settings", "import", "other", "-", "--format", "toml", "--replace", stdin="a = 1\n")
    assert facts == {"set": ["a"], "unset": ["llm.api_key", "llm.model", "llm.tries"], "missing": []}


def test_a_file_that_cannot_be_read_is_told_with_its_place(call: Calls) -> None:
    (call.folder / "bad.toml").write_text("a = 1\nb = ?\n")
    (call.folder / "bad.json").write_bytes(b'"\xff"')
    (call.folder / "settings").write_text("")
    assert "line 2" in call("settings", "import", "s", "bad.toml", "--create", code=2)
    assert "no UTF-8" in call("settings", "import", "s", "bad.json", "--create", code=2)
    assert "tells no format" in call("settings", "import", "s", "settings", "--create", code=2)
    assert call.json("settings") == []
    call("settings", "set", "s", "A-b", "1", "--create")
    assert "setting A-b" in call("settings", "export", "s", "--format", "env", code=2)


def test_settings_are_merged_reverted_and_explained(call: Calls) -> None:
    call("settings", "set", "user", "a", "1", "--create")
    call("settings", "set", "project", "a", "2", "--create")
    call("settings", "set", "project", "b", "3")
    assert "both sides changed: a" in call("settings", "merge", "user", "project", code=4)
    call("settings", "merge", "user", "project", "--prefer", "theirs")
    assert call("settings", "list", "user") == "a = 2\nb = 3\n"
    (facts,) = call.json("settings", "origin", "user", "a")
    assert facts["id"] == call.json("settings", "log", "user")[0]["id"]
    call("settings", "revert", "user", "~1")
    assert call("settings", "list", "user") == "a = 1\n"
    call.chat("chat", "hello")
    call("settings", "merge", "-c", "chat", "user")
    assert call("settings", "get", "-c", "chat", "a") == "1\n"
    call("settings", "merge", "project", "conversations/chat", "--prefer", "ours")
    assert call("settings", "get", "project", "a") == "2\n"


def test_scopes_inherit_on_the_command_line(call: Calls) -> None:
    call("settings", "set", "global", "a", "1", "--create")
    call("settings", "set", "global", "b", "1")
    call("settings", "set", "project", "b", "2", "--create")
    lines = call.json("settings", "resolve", "project", "--inherit", "global", "--inherit", "user")
    assert [(line["key"], line["value"], line["scope"]) for line in lines] == [
        ("a", 1, "settings/global"),
        ("b", 2, "settings/project"),
    ]
    assert "b = 2  (stored settings/project)" in call("settings", "resolve", "project", "--inherit", "global")
    assert "--at" in call("settings", "resolve", "project", "--inherit", "global", "--at", "~1", code=2)
