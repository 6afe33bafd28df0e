"""Errors go over the wire and come back as what they were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore import errors
from objstore.errors.problem import error_of, problem_of
from objstore.server.problem import problem_response
from objstore.server.statuses import status_of
from tests.test_errors import facts, made

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("name", sorted(errors.__all__))
def test_an_error_comes_back_as_it_was(name: str) -> None:
    error = made(name)
    twin = error_of(json.loads(json.dumps(problem_of(error))))
    assert type(twin) is type(error)
    assert facts(twin) == facts(error)
    assert str(twin) == str(error)


@pytest.mark.parametrize("name", sorted(errors.__all__))
def test_every_error_has_a_status_and_what_is_inside_stays_there(name: str) -> None:
    error = made(name)
    answer = problem_response(error, "r1")
    problem = json.loads(bytes(answer.body))
    assert answer.status_code == problem["status"] == status_of(error)
    assert 400 <= answer.status_code < 600
    if answer.status_code >= 500 and name != "ServerBusy":
        assert problem["facts"] == []
        assert "/tmp" not in problem["detail"]


@given(JSON, st.sampled_from(sorted(errors.__all__)), st.lists(JSON, max_size=3))
def test_a_strangers_problem_is_an_error_of_ours_or_nothing(value: object, name: str, told: list[object]) -> None:
    for problem in (value, {"error": value}, {"error": name, "facts": value}, {"error": name, "facts": told}):
        found = error_of(problem)
        assert found is None or (isinstance(found, errors.ObjstoreError) and str(found) is not None)


@pytest.mark.parametrize("name", ["ValueError", "SystemExit", "__all__", "problem", "errors", ""])
def test_what_is_no_error_of_ours_is_not_made(name: str) -> None:
    assert error_of({"error": name, "facts": []}) is None
