from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.settings.environment import variable_names
from objstore.settings.secret import Secret
from tests.settings.models import keys, laid, same, scalars, settings_of

Layers = tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]


@settings(deadline=None, max_examples=150)
@given(st.tuples(settings_of, settings_of, settings_of, settings_of), st.dictionaries(keys, scalars, max_size=4))
def test_a_chain_resolves_as_the_naive_model_does(layers: Layers, environment: dict[str, Any]) -> None:
    defaults, general, special, overrides = layers
    with objstore.open("memory:") as store:
        scopes = [store.settings.open(name, create=True) for name in ("general", "special")]
        for scope, values in zip(scopes, (general, special), strict=True):
            scope.update(values)
        environ = {"A_" + variable_names(key)[0]: json.dumps(value) for key, value in environment.items()}
        chain = store.settings.chain("general", "nowhere", scopes[1])
        found = chain.resolve(defaults, env_prefix="A_", overrides=overrides, environ=environ)
        expected = laid([defaults, general, special])
        surrounded: dict[str, Any] = {}
        for key, value in expected.items():
            names = [f"A_{name}" for name in variable_names(key)]
            text = next((environ[name] for name in names if name in environ), None)
            surrounded[key] = value if text is None else text if isinstance(value, str) else json.loads(text)
        expected = laid([surrounded, overrides])
        assert same({key: each.value for key, each in found.items()}, expected)
        assert chain.values() == laid([general, special])
        assert list(chain) == list(laid([general, special]))
        for key, each in found.items():
            if key in overrides:
                assert each.source == "override"
            elif any("A_" + name in environ for name in variable_names(key)):
                assert each.source == "environment"
                assert environ[each.scope] is not None
            elif key in special:
                assert (each.source, each.scope) == ("stored", "settings/special")
            elif key in general:
                assert (each.source, each.scope) == ("stored", "settings/general")
            else:
                assert each.source == "default"


@settings(deadline=None, max_examples=60)
@given(st.lists(settings_of, min_size=2, max_size=5))
def test_what_is_kept_from_one_moment_to_the_next_never_shows(steps: list[dict[str, Any]]) -> None:
    with objstore.open("memory:") as store:
        found = store.settings.open("s", create=True)
        for step in steps:
            with found.commit() as draft:
                for key in found:
                    draft.unset(key)
                draft.update(step)
            assert same(found.values(), dict(sorted(step.items())))
            resolved = {key: each.value for key, each in found.resolve().items()}
            assert same(resolved, dict(sorted(step.items())))


def test_values_are_fresh_for_whoever_asks(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set("a", {"b": [1]})
    defaults: dict[str, Any] = {"d": [1]}
    for ask in (
        lambda: found.resolve(defaults)["a"].value,
        lambda: found.values()["a"],
        lambda: found.get("a"),
        lambda: memory.settings.chain(found).values()["a"],
        lambda: memory.settings.chain("none", found).get("a"),
    ):
        ask()["b"].append(2)
        assert ask() == {"b": [1]}
    found.resolve(defaults)["d"].value.append(2)
    assert defaults == {"d": [1]}


def test_a_stored_value_names_the_scope_and_the_commit_it_was_read_from(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set("a", 1)
    head = next(found.log())
    assert found.resolve()["a"] == (1, "stored", "settings/s", head.oid)
    assert found.at("~0").resolve()["a"] == (1, "stored", "settings/s", head.oid)


def test_the_exact_name_of_a_variable_counts_before_the_loose_one(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.update({"a.b_c": 0, "a_b.c": 0})
    environ = {"X_A_B_C": "1", "X_A__B_C": "2"}
    resolved = found.resolve(env_prefix="X_", environ=environ)
    assert {key: (each.value, each.scope) for key, each in resolved.items()} == {
        "a.b_c": (2, "X_A__B_C"),
        "a_b.c": (1, "X_A_B_C"),
    }


def test_a_secret_stays_one_whatever_takes_its_place(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set_secret("k", "kept")
    environ = {"X_K": "surrounding"}
    for resolved, text in (
        (found.resolve(), "kept"),
        (found.resolve({"k": "the default"}), "kept"),
        (found.resolve(env_prefix="X_", environ=environ), "surrounding"),
        (found.resolve(env_prefix="X_", environ=environ, overrides={"k": "an override"}), "an override"),
    ):
        value = resolved["k"].value
        assert isinstance(value, Secret)
        assert value.reveal() == text
        assert text not in repr(resolved)


def test_text_that_json_would_bend_stays_text(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set("k", 1)
    for text in ("NaN", "Infinity", "1e999", '{"a":1,"a":2}', "[" * 5000, "9" * 5000, "nothing"):
        assert found.resolve(env_prefix="X_", environ={"X_K": text})["k"].value == text
