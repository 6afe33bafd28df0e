from __future__ import annotations

import datetime
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, field_validator, model_validator

import objstore
from objstore.errors import InvalidSetting, InvalidValue
from objstore.settings.secret import Secret


class Level(Enum):
    LOW = "low"
    HIGH = "high"


class Llm(BaseModel):
    model: str = "small"
    tries: int = Field(default=3, ge=0, le=9)
    temperature: float | None = None
    api_key: SecretStr | None = None
    headers: dict[str, str] = {}


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")
    known: int = 1


class Model(BaseModel):
    llm: Llm = Llm(model="large")
    level: Level = Level.LOW
    theme: Literal["dark", "light"] = "light"
    since: datetime.date | None = None
    tags: list[str] = Field(default_factory=lambda: ["new"])
    extra: Extra = Extra()
    needed: int

    @model_validator(mode="after")
    def _agree(self) -> Model:
        if self.theme == "dark" and self.level is Level.HIGH:
            raise ValueError("dark and high do not go together")
        return self


@pytest.fixture
def found(memory: objstore.Store) -> Any:
    return memory.settings.open("s", create=True, schema=Model)


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("llm.tries", "5", 5),
        ("llm.temperature", 1, 1.0),
        ("level", Level.HIGH, "high"),
        ("since", datetime.date(2026, 11, 24), "2026-11-24"),
        ("since", None, None),
        ("llm.headers", {"x": "y"}, {"x": "y"}),
        ("extra.anything", [1], [1]),
        ("extra.known", 2, 2),
    ],
)
def test_a_value_is_kept_as_what_its_declared_type_makes_of_it(
    found: Any, key: str, value: object, kept: object
) -> None:
    found.set(key, value)
    got = found.get(key)
    assert (got, type(got)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("llm.tries", 10, "less than or equal to 9"),
        ("llm.tries", "many", "valid integer"),
        ("theme", "blue", "'dark' or 'light'"),
        ("tags", ["a", 1], "1: input should be a valid string"),
        ("llm.trys", 1, "not declared in Model. Did you mean llm.tries"),
        ("llm", {"model": "x"}, "is a group in Model; set its keys: llm.model"),
        ("llm.headers.x", "y", "not declared"),
        ("nothing", 1, "not declared"),
        ("extra", 1, "group"),
    ],
)
def test_what_the_schema_refuses_is_refused_with_the_key(found: Any, key: str, value: object, words: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        found.update({"needed": 1, key: value})
    assert caught.value.key == key
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"setting {key}: ")
    assert found.values() == {}


def test_defaults_of_the_schema_take_part_in_resolving(found: Any) -> None:
    found.set("llm.tries", 5)
    resolved = found.resolve({"theme": "dark"}, env_prefix="X_", environ={"X_NEEDED": "7", "X_TAGS": '["a", "b"]'})
    assert {key: (each.value, each.source) for key, each in resolved.items()} == {
        "extra.known": (1, "default"),
        "level": ("low", "default"),
        "llm.headers": ({}, "default"),
        "llm.model": ("large", "default"),  # of the group's own default
        "llm.temperature": (None, "default"),
        "llm.tries": (5, "stored"),
        "needed": (7, "environment"),
        "since": (None, "default"),
        "tags": (["a", "b"], "environment"),
        "theme": ("dark", "default"),
    }


def test_a_variable_of_the_wrong_type_is_refused_with_key_and_variable(found: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"setting llm\.tries: X_LLM__TRIES in the environment: .*valid integer"):
        found.resolve(env_prefix="X_", environ={"X_LLM__TRIES": "many"})


def test_text_in_the_environment_is_read_as_the_declared_type(found: Any) -> None:
    found.set("needed", 1)
    environ = {"X_LLM_MODEL": "3", "X_SINCE": "2026-11-24", "X_LLM_TEMPERATURE": "0.5", "X_LEVEL": "high"}
    resolved = found.resolve(env_prefix="X_", environ=environ)
    assert [resolved[key].value for key in ("llm.model", "since", "llm.temperature", "level")] == [
        "3",
        "2026-11-24",
        0.5,
        "high",
    ]


def test_the_whole_comes_as_the_model(found: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"setting needed: field required"):
        found.model()
    found.update({"needed": 4, "llm.api_key": "canary", "since": "2026-11-24", "extra.more": "x"})
    made = found.model(overrides={"llm.tries": 9})
    assert isinstance(made, Model)
    assert (made.needed, made.llm.tries, made.llm.model, made.since) == (4, 9, "large", datetime.date(2026, 11, 24))
    assert made.llm.api_key is not None
    assert made.llm.api_key.get_secret_value() == "canary"
    assert made.extra.model_extra == {"more": "x"}
    found.update({"theme": "dark", "level": "high"})
    with pytest.raises(InvalidSetting, match=r"setting Model: .*do not go together"):
        found.model()
    with pytest.raises(InvalidSetting, match=r"setting llm\.tries: "):
        found.at("~0").model(overrides={"llm.tries": 99, "theme": "light"})


def test_a_secret_of_the_schema_is_sealed_and_stays_masked(found: Any) -> None:
    found.set("llm.api_key", "canary")
    assert isinstance(found.get("llm.api_key"), Secret)
    assert found.get("llm.api_key").reveal() == "canary"
    found.set("llm.api_key", "canary-2")
    resolved = found.resolve(env_prefix="X_", environ={"X_LLM_API_KEY": "canary-3"})
    assert resolved["llm.api_key"].value.reveal() == "canary-3"
    assert "canary" not in repr(found.values()) + repr(resolved) + found.export_text("json")
    found.import_text("llm.api_key = 'canary-4'", "toml")
    assert found.get("llm.api_key").reveal() == "canary-4"


def test_what_a_validator_says_of_a_secret_is_not_repeated(memory: objstore.Store) -> None:
    class Talkative(BaseModel):
        key: SecretStr = SecretStr("canary-default")
        other: str = ""

        @field_validator("key")
        @classmethod
        def _short(cls, value: SecretStr) -> SecretStr:
            if len(value.get_secret_value()) > 20:
                raise ValueError(f"too long: {value.get_secret_value()}")
            return value

        @model_validator(mode="after")
        def _whole(self) -> Talkative:
            if self.other:
                raise ValueError(f"bad with {self.key.get_secret_value()}")
            return self

    talkative = memory.settings.open("t", create=True, schema=Talkative)
    assert talkative.resolve()["key"].value.reveal() == "canary-default"
    with pytest.raises(InvalidSetting) as caught:
        talkative.model(overrides={"key": "canary" * 5})
    assert "canary" not in str(caught.value)
    talkative.set("key", "canary-short")
    with pytest.raises(InvalidSetting, match=r"bad with \*+") as caught:
        talkative.model(overrides={"other": "x"})
    assert "canary" not in str(caught.value)


def test_what_cannot_be_a_schema_is_refused(memory: objstore.Store) -> None:
    class Bytes(BaseModel):
        key: SecretBytes = SecretBytes(b"")

    class Umlaut(BaseModel):
        größe: int = 1

    for schema in (int, "Model", Bytes):
        wrong: Any = schema
        with pytest.raises(TypeError):
            memory.settings.open("s", create=True, schema=wrong)
    with pytest.raises(InvalidSetting, match="cannot be a settings key"):
        memory.settings.open("s", create=True, schema=Umlaut)
    with pytest.raises(TypeError, match="schema="):
        memory.settings.open("s").model()


def test_a_schema_judges_conversations_and_chains_too(memory: objstore.Store) -> None:
    conv = memory.conversations.open("c", create=True)
    typed = conv.settings.with_schema(Model)
    typed.set("needed", "3")
    with pytest.raises(InvalidSetting):
        typed.set("llm.tries", -1)
    conv.settings.set("llm.tries", -1)  # without the schema anything goes, and is found out when the whole is made
    chain = memory.settings.chain("global", conv.settings, schema=Model)
    with pytest.raises(InvalidSetting, match=r"setting llm\.tries"):
        chain.model()
    conv.settings.unset("llm.tries")
    assert chain.model().needed == 3
    assert typed.with_schema(None).resolve().keys() == {"needed"}


def test_a_value_that_the_type_lets_pass_and_json_does_not_is_refused(memory: objstore.Store) -> None:
    class Loose(BaseModel):
        anything: Any = None

    with pytest.raises((InvalidValue, InvalidSetting)):
        memory.settings.open("s", create=True, schema=Loose).set("anything", float("nan"))
