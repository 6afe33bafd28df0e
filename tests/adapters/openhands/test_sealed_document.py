"""Documents with secrets: what is written comes back, and nothing secret is readable in the store."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.adapters.openhands.sealed_document import SealedDocument, flatten
from objstore.errors import UnknownSettings
from objstore.settings.secret import Secret

MASK = "**********"


@pytest.fixture
def document(tmp_path: Path) -> Iterator[SealedDocument]:
    with warnings.catch_warnings(), objstore.open(tmp_path / "store", create=True, keys=tmp_path / "keys") as store:
        warnings.simplefilter("ignore")  # It says that a key was made.
        yield SealedDocument(store, "openhands/settings")


def masked(value: Any) -> Any:
    """A document as its server masks it: texts that begin with "sk-" are secrets."""
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return MASK if isinstance(value, str) and value.startswith("sk-") else value


def write(document: SealedDocument, value: dict[str, Any]) -> None:
    document.write(value, masked(value))


VALUE: dict[str, Any] = {
    "agent": {"llm": {"model": "m", "api_key": "sk-1", "extra": {}, "top_p": None}, "tools": ["a", "b"]},
    "profiles": {"My profile": {"api_key": "sk-2", "model": "n"}, "plain": {"model": "o"}},
    "headers": [{"name": "Authorization", "value": "sk-3"}],
    "one": 1,
    "yes": True,
}


def test_what_is_written_comes_back(document: SealedDocument) -> None:
    assert document.read() is None
    with pytest.raises(UnknownSettings):
        _ = document.settings
    write(document, VALUE)
    assert document.read() == VALUE


def test_secrets_are_sealed_wherever_they_are(document: SealedDocument) -> None:
    write(document, VALUE)
    values = document.settings.at("~0").values()
    sealed = {key for key, value in values.items() if isinstance(value, Secret)}
    assert sealed == {"agent.llm.api_key", "profiles", "headers"}
    assert "sk-" not in repr(values)
    assert values["agent.llm.model"] == "m"


def test_a_text_that_looks_like_json_stays_a_text(document: SealedDocument) -> None:
    value = {"key": '{"type": "service_account"}'}
    document.write(value, {"key": MASK})
    assert document.read() == value


def test_each_write_is_a_commit_of_what_differs_and_none_if_nothing_does(document: SealedDocument) -> None:
    write(document, VALUE)
    before = [commit.oid for commit in document.settings.log()]
    write(document, VALUE)
    assert [commit.oid for commit in document.settings.log()] == before
    changed = {**VALUE, "one": True, "agent": {"llm": {"model": "m2", "api_key": "sk-1"}, "tools": ["a", "b"]}}
    write(document, changed)
    diff = {change.key for change in document.settings.diff("~1", "~0")}
    assert diff == {"agent.llm.model", "agent.llm.extra", "agent.llm.top_p", "one"}
    assert document.read() == changed
    document.settings.undo()
    assert document.read() == VALUE


def test_groups_values_and_secrets_take_each_others_place(document: SealedDocument) -> None:
    for value in ({"a": 1}, {"a": {"b": "sk-1"}}, {"a": "sk-2"}, {"a": "plain"}, {"a": ["sk-3"]}, {"a": {}}, {}):
        write(document, value)
        assert document.read() == value


def test_a_key_that_can_be_no_setting_is_refused_at_the_top() -> None:
    with pytest.raises(ValueError, match="no name"):
        flatten({"a b": 1}, {"a b": 1})
