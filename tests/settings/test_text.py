from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.errors import InvalidSetting, InvalidValue, UnreadableSettings
from objstore.settings.text.formats import FORMATS, Format, decode_text, encode_text, format_of
from objstore.settings.text.items import Reference
from objstore.settings.text.toml_text import decode_toml
from objstore.settings.text.yaml_text import decode_yaml
from tests.settings.models import same, scalars, settings_of, shaped, values

lower_keys = st.lists(st.sampled_from(["a", "b1", "api_key", "c"]), min_size=1, max_size=3).map(".".join)
env_settings = st.dictionaries(lower_keys, values, max_size=6).map(shaped)


def holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_null, value.values()))
    return value is None or (isinstance(value, list) and any(map(holds_null, value)))


@settings(deadline=None, max_examples=150)
@given(settings_of, st.sampled_from(["json", "yaml", "toml"]))
def test_settings_come_back_from_nested_text_as_they_were(found: dict[str, Any], form: Format) -> None:
    nulls = [key for key, value in found.items() if holds_null(value)] if form == "toml" else []
    if nulls:
        with pytest.raises(InvalidSetting, match="null") as caught:
            encode_text(found, form)
        assert caught.value.key in nulls
        return
    text = encode_text(found, form)
    read = decode_text(text, form)
    assert same(read, dict(sorted(found.items())))
    assert encode_text(read, form) == encode_text(dict(sorted(found.items())), form)


@settings(deadline=None, max_examples=150)
@given(env_settings)
def test_settings_come_back_from_a_dotenv_file_as_they_were(found: dict[str, Any]) -> None:
    text = encode_text(found, "env", "APP_")
    with objstore.open("memory:") as store:
        to = store.settings.open("s", create=True)
        done = to.import_text(text, "env", prefix="APP_")
        assert done.set == sorted(found)
        assert same(to.values(), dict(sorted(found.items())))
        assert to.export_text("env", prefix="APP_") == encode_text(dict(sorted(found.items())), "env", "APP_")


@settings(deadline=None, max_examples=60)
@given(env_settings)
def test_other_readers_read_the_same_from_what_is_written(found: dict[str, Any]) -> None:
    assert json.loads(encode_text(found, "json")) == yaml.safe_load(encode_text(found, "yaml"))
    if not any(map(holds_null, found.values())):
        assert same(tomllib.loads(encode_text(found, "toml")), json.loads(encode_text(found, "json")))


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(lower_keys, scalars, max_size=4).map(shaped))
def test_the_variables_of_a_dotenv_file_resolve_to_the_same_values(found: dict[str, Any]) -> None:
    lines = encode_text(found, "env", "X_")
    if any(escape in lines for escape in ("\x00", "\\$", "\\`")):
        return  # what double quotes mean to python-dotenv is not what they mean here
    import io

    variables = {name: text or "" for name, text in dotenv_values(stream=io.StringIO(lines), interpolate=False).items()}
    with objstore.open("memory:") as store:
        to = store.settings.open("s", create=True)
        typed = {key: (value if isinstance(value, str) else 0) for key, value in found.items()}
        to.update(typed)
        resolved = to.resolve(env_prefix="X_", environ=variables)
        for key, value in found.items():
            got = resolved[key].value
            assert same(got, value) or (isinstance(value, str) and got == json.dumps(value, ensure_ascii=False)), key


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell")
def test_a_shell_reads_a_dotenv_file_as_it_is_meant(tmp_path: Path) -> None:
    found = {
        "plain": "abc",
        "spaces": "a b  c",
        "dollar": "$HOME `id`",
        "quote": 'say "x"',
        "number": 3,
        "list": [1, "a b"],
    }
    (tmp_path / "x.env").write_text(encode_text(found, "env"), encoding="utf-8")
    script = '. ./x.env; printf "%s|" "$PLAIN" "$SPACES" "$DOLLAR" "$QUOTE" "$NUMBER" "$LIST"'
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == 'abc|a b  c|$HOME `id`|say "x"|3|[1, "a b"]|'


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_character_is_refused_with_its_key(form: Format) -> None:
    with pytest.raises(InvalidSetting, match="lone surrogate") as caught:
        encode_text({"a": "fine", "b": [{"x\ud800": 1}]}, form)
    assert caught.value.key == "b"


@pytest.mark.parametrize("key", ["A.b", "a-b", "a__b", "a_.b"])
def test_a_key_that_a_variable_cannot_give_back_is_refused(key: str) -> None:
    with pytest.raises(InvalidSetting, match="variable's name") as caught:
        encode_text({key: 1}, "env")
    assert caught.value.key == key


@pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1])
def test_integers_beyond_64_bits_are_refused_by_toml_alone(number: int) -> None:
    with pytest.raises(InvalidSetting, match="64 bits"):
        encode_text({"a": [number]}, "toml")
    for form in ("json", "yaml"):
        assert decode_text(encode_text({"a": number}, form), form) == {"a": number}


def test_secrets_are_named_and_not_copied() -> None:
    items = {"llm.api_key": Reference("llm.api_key"), "llm.model": "x"}
    assert encode_text(items, "toml") == '[llm]\napi_key = { "$secret" = "llm.api_key" }\nmodel = "x"\n'
    assert encode_text(items, "yaml") == 'llm:\n  api_key: {"$secret": llm.api_key}\n  model: x\n'
    assert json.loads(encode_text(items, "json")) == {"llm": {"api_key": {"$secret": "llm.api_key"}, "model": "x"}}
    assert encode_text(items, "env") == "LLM__API_KEY=${OBJSTORE_SECRET:llm.api_key}\nLLM__MODEL=x\n"
    for form in FORMATS:
        assert decode_text(encode_text(items, form), form)["llm.api_key"] == Reference("llm.api_key")


def test_files_that_people_write_are_read() -> None:
    toml = '# a comment\ntitle = "x"\n[llm]\nmodel.name = "m"\n"a.b" = 1\n[tools]\n[[servers]]\nport = 1\r\n'
    assert decode_toml(toml) == {"llm.a.b": 1, "llm.model.name": "m", "servers": [{"port": 1}], "title": "x"}
    text = "a: yes\nb: 0o17\nc: 010\nd: ~\ne: 1e3\nf:\n  - x\n  - {y: 'no'}\ng: |\n  two\n  lines\nh: 2026-11-24\n"
    assert decode_yaml(text) == {
        "a": "yes",
        "b": 15,
        "c": 10,
        "d": None,
        "e": 1000.0,
        "f": ["x", {"y": "no"}],
        "g": "two\nlines\n",
        "h": "2026-11-24",
    }
    env = "# x\n\nexport A__B = 'it is' # why\nC=bare text # why\nD=\"two\\nlines\"\nE=\nF='two\nlines'\nG=${OBJSTORE_SECRET:g}\n"
    read = {key: item if isinstance(item, Reference) else item[0] for key, item in decode_text(env, "env").items()}
    assert read == {
        "a.b": "it is",
        "c": "bare text",
        "d": "two\nlines",
        "e": "",
        "f": "two\nlines",
        "g": Reference("g"),
    }
    assert decode_yaml("") == decode_toml("") == decode_text("", "env") == {}


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("json", "{", "JSON"),
        ("json", "[1]", "no object"),
        ("json", '{"a": NaN}', "NaN"),
        ("json", '{"a": 1, "a": 2}', "twice"),
        ("json", '{"a": 1e999}', "64-bit"),
        ("json", "[" * 100_000, "too deep"),
        ("toml", "a = ?", "line 1"),
        ("toml", "a = 1\na = 2\nb = 3", "line 2"),
        ("toml", "a = " + "[" * 100_000, "too deep"),
        ("yaml", "a: [1", "line"),
        ("yaml", "- 1", "no mapping"),
        ("yaml", "a: 1\na: 2", 'line 2 has the key "a" twice'),
        ("yaml", "a: &x 1\nb: *x", "line 1 has an anchor"),
        ("yaml", "a: !!python/object:os.system x", "line 1 has the tag"),
        ("yaml", "a: !!set {x}", "line 1 has the tag"),
        ("yaml", "a: 1\n---\nb: 2", "second document"),
        ("yaml", "a: {<<: {b: 1}}", "merge"),
        ("yaml", "{[1]: 2}", "no text"),
        ("yaml", "a: .nan", "JSON has not"),
        ("yaml", "a: 1e999", "JSON has not"),
        ("yaml", "a: " + "9" * 5000, "too many digits"),
        ("yaml", "a: " + "[" * 2000 + "]" * 2000, "nesting"),
        ("env", "A B=1", "line 1 is no NAME=value"),
        ("env", "A=1\nB='x", "line 2 has a quote that is not closed"),
        ("env", "A='x' y", "goes on"),
        ("env", "A=$HOME", "line 1 has \\$"),
        ("env", 'A="$HOME"', "within double quotes"),
        ("env", 'A="\\q"', "means nothing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(form: Format, text: str, words: str) -> None:
    with pytest.raises(UnreadableSettings, match=words):
        decode_text(text, form)


@pytest.mark.parametrize(
    ("form", "text", "key", "words"),
    [
        ("toml", "a.b = 2026-11-24", "a.b", "date"),
        ("toml", "a = [{b = 10:00:00}]", "a", "date"),
        ("json", '{"a": {"b c": 1}}', 'a."b c"', r"\$value"),
        ("json", '{"a.b": 1, "a": {"b": 2}}', "a.b", "twice"),
        ("json", '{"a": {"$other": 1}}', "a", "means nothing"),
        ("json", '{"a": {"$value": 1, "b": 2}}', "a", "means nothing"),
        ("json", '{"a": {"$secret": 5}}', "a", "means nothing"),
        ("env", "A=1\na=2", "a", "twice"),
        ("env", "A____B=1", "a..b", "settings key"),
    ],
)
def test_what_is_no_setting_is_refused_with_its_key(form: Format, text: str, key: str, words: str) -> None:
    with pytest.raises(InvalidSetting, match=words) as caught:
        decode_text(text, form)
    assert caught.value.key == key


def test_numbers_that_are_none_are_refused_with_their_key() -> None:
    for text in ("a = nan", "a = [inf]"):
        with pytest.raises(InvalidValue, match=r"^a.* is (NaN|infinite)"):
            decode_text(text, "toml")
    assert datetime.date(2026, 11, 24) == tomllib.loads("a = 2026-11-24")["a"]  # a control: the library makes dates


def test_yaml_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(UnreadableSettings, match=r"pip install 'objstore-vcs\[yaml\]'"):
        decode_yaml("a: 1")
    assert encode_text({"a": 1}, "yaml") == "a: 1\n"


def test_the_name_of_a_file_tells_its_format() -> None:
    names = {
        "a.toml": "toml",
        "a.JSON": "json",
        "x/a.yml": "yaml",
        "a.yaml": "yaml",
        ".env": "env",
        ".env.local": "env",
    }
    assert {name: format_of(name) for name in names} == names
    assert format_of("prod.env") == "env"
    assert format_of("settings") is format_of("a.ini") is None
