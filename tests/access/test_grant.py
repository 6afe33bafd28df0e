"""Grants: what a prefix covers, what verbs allow, and how narrowing cuts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.access.grant import NOTHING, VERBS, Allowed, Grant, Verb, make_grant, parse_grant
from objstore.errors import InvalidGrant

LONG = "a" * 1025 + ":read"
PARTS = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4)
REFS = PARTS.map("/".join)
GRANTS = st.builds(make_grant, st.one_of(st.just(""), REFS), st.sets(st.sampled_from(VERBS[:5]), min_size=1))
LAYERS = st.lists(st.lists(GRANTS, max_size=4).map(tuple), min_size=1, max_size=3).map(tuple)


def test_a_prefix_covers_itself_and_what_is_below_a_slash() -> None:
    grant = parse_grant("conversations/team:read")
    assert [grant.covers(ref) for ref in ("conversations/team", "conversations/team/x")] == [True, True]
    for other in ("conversations/teams", "conversations/tea", "conversations", "files/team", ""):
        assert not grant.covers(other)
    assert parse_grant(":read").covers("anything/at/all")


def test_what_nobody_granted_is_refused() -> None:
    assert not any(NOTHING.may(verb, "a") for verb in VERBS)
    assert not any(Allowed(((),)).may(verb, "a") for verb in VERBS)
    only = Allowed(((parse_grant("a:read"),),))
    assert [verb for verb in VERBS if only.may(verb, "a/b")] == ["read"]


def test_verbs_of_several_grants_do_not_cross_their_prefixes() -> None:
    allowed = Allowed(((parse_grant("a:read"), parse_grant("b:append")),))
    assert (allowed.may("read", "a"), allowed.may("append", "a")) == (True, False)
    assert (allowed.may("read", "b"), allowed.may("append", "b")) == (False, True)


@given(LAYERS, st.sampled_from(VERBS[:5]), REFS)
def test_a_further_layer_never_allows_more(layers: tuple[tuple[Grant, ...], ...], verb: Verb, ref: str) -> None:
    whole = Allowed(layers)
    assert whole.may(verb, ref) == all(Allowed((layer,)).may(verb, ref) for layer in layers)


@given(LAYERS, st.sampled_from(VERBS[:5]), REFS)
def test_the_prefixes_are_those_below_which_a_verb_is_allowed(
    layers: tuple[tuple[Grant, ...], ...], verb: Verb, ref: str
) -> None:
    prefixes = Allowed(layers).prefixes(verb)
    covering = [prefix for prefix in prefixes if Grant(prefix, frozenset()).covers(ref)]
    assert bool(covering) == Allowed(layers).may(verb, ref)
    assert len(covering) <= 1
    assert prefixes == sorted(prefixes)


@given(GRANTS)
def test_a_grant_is_read_as_it_was_written(grant: Grant) -> None:
    assert parse_grant(grant.text) == grant


@pytest.mark.parametrize(
    "text",
    ["", "read", "a/:read", "/a:read", "a//b:read", "a b:read", "a:", "a:reed", "a:read,", "a:admin", "a\n:read", LONG],
)
def test_what_is_no_grant_is_refused(text: str) -> None:
    with pytest.raises(InvalidGrant):
        parse_grant(text)
