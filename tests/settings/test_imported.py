from __future__ import annotations

import pytest

import objstore
from objstore.errors import InvalidSetting, InvalidValue
from objstore.settings.settings import Settings
from objstore.settings.text.formats import FORMATS, Format


@pytest.fixture
def found(memory: objstore.Store) -> Settings:
    made = memory.settings.open("s", create=True)
    made.update({"llm.model": "x", "llm.tries": 3})
    made.set_secret("llm.api_key", "canary")
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_imported_into_the_same_settings_without_a_change(found: Settings, form: Format) -> None:
    head = next(found.log())
    text = found.export_text(form)
    assert "canary" not in text
    done = found.import_text(text, form, replace=True)
    assert (done.set, done.unset, done.missing) == (["llm.model", "llm.tries"], [], [])
    assert next(found.log()) == head
    assert found.get("llm.api_key").reveal() == "canary"


@pytest.mark.parametrize("form", FORMATS)
def test_secrets_that_are_not_here_are_told_and_the_rest_is_set(
    found: Settings, memory: objstore.Store, form: Format
) -> None:
    other = memory.settings.open("other", create=True)
    done = other.import_text(found.export_text(form), form)
    assert done.missing == ["llm.api_key"]
    assert other.values() == {"llm.model": "x", "llm.tries": 3}


@pytest.mark.parametrize("form", FORMATS)
def test_revealed_secrets_are_sealed_again_where_it_is_said_so(
    found: Settings, memory: objstore.Store, form: Format
) -> None:
    text = found.export_text(form, reveal=True)
    assert "canary" in text
    other = memory.settings.open("other", create=True)
    other.import_text(text, form, secrets=["llm.api_key"])
    assert other.get("llm.api_key").reveal() == "canary"
    with pytest.raises(InvalidValue, match="is a secret"):
        found.import_text(text, form)
    with pytest.raises(InvalidSetting, match="not in the text"):
        found.import_text(text, form, secrets=["llm.password"])


def test_what_an_import_does_not_name_stays_unless_it_replaces(found: Settings) -> None:
    found.import_text('{"new": 1}', "json")
    assert sorted(found) == ["llm.api_key", "llm.model", "llm.tries", "new"]
    done = found.import_text('{"new": 2, "llm": {"api_key": {"$secret": "llm.api_key"}}}', "json", replace=True)
    assert (done.set, done.unset) == (["new"], ["llm.model", "llm.tries"])
    assert sorted(found) == ["llm.api_key", "new"]


def test_a_fault_anywhere_sets_nothing(found: Settings) -> None:
    before = found.values().keys()
    for text, words in (
        ('{"a": 1, "b c": 2}', "settings key"),
        ('{"a": 1, "llm": 2}', "is a folder"),
        ('{"a": 1, "b": {"$secret": "llm.api_key"}}', "another key"),
        ('{"a": 1, "llm.api_key": "plain"}', "is a secret"),
    ):
        with pytest.raises((InvalidSetting, InvalidValue), match=words):
            found.import_text(text, "json")
        assert found.values().keys() == before


def test_variables_without_the_prefix_do_not_count(found: Settings) -> None:
    done = found.import_text("PATH=/bin\nAPP_LLM__MODEL=y\nAPP_=1\n", "env", prefix="APP_")
    assert done.set == ["llm.model"]
    assert found.get("llm.model") == "y"
