"""Glob patterns: against a matcher that tries everything, against hostile patterns, and what is refused."""

from __future__ import annotations

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objstore.errors import InvalidPattern
from objstore.files.pattern import compile_pattern

NAMES = st.text("ab.", min_size=1, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PARTS = st.one_of(st.just("**"), st.text("ab.*?", min_size=1, max_size=5).filter(lambda t: "**" not in t))
PATTERNS = st.lists(PARTS, min_size=1, max_size=4).map("/".join).filter(lambda t: not {".", ".."} & set(t.split("/")))


def naive(parts: list[str], names: list[str]) -> bool:
    """Whether a pattern matches, by trying every way."""
    if not parts:
        return not names
    if parts[0] == "**":
        if len(parts) == 1:
            return bool(names)
        return any(naive(parts[1:], names[at:]) for at in range(len(names) + 1))
    return bool(names) and fnmatch.fnmatchcase(names[0], parts[0]) and naive(parts[1:], names[1:])


@given(PATTERNS, PATHS)
def test_a_pattern_matches_what_trying_everything_matches(pattern: str, path: str) -> None:
    compiled = compile_pattern(pattern)
    found = compiled.regex.fullmatch(path) is not None
    assert found == naive(pattern.split("/"), path.split("/")), compiled
    if found:
        assert path.startswith(compiled.prefix)
        assert compiled.depth is None or path.count("/") < compiled.depth


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("src/**/*.{ts,tsx}", "src/a/b/c.tsx", True),
        ("src/**/*.{ts,tsx}", "src/c.ts", True),
        ("src/**/*.{ts,tsx}", "src/c.t", False),
        ("{a,b/{c,d}}/x", "b/d/x", True),
        ("{a,b/{c,d}}/x", "d/x", False),
        ("[!a-c]*", "dab", True),
        ("[!a-c]*", "bab", False),
        ("[]x]", "]", True),
        ("[,{]{1,2}", "{2", True),
        ("a[-]b", "a-b", True),
        ("**", "a/b", True),
        ("**/**/b", "b", True),
        (".*", ".env", True),
        ("*", ".env", True),
        ("*", "a/b", False),
        ("a.c", "abc", False),
        ("*\n", "a\n", True),
        ("?", "ü", True),
    ],
)
def test_what_the_signs_mean(pattern: str, path: str, matches: bool) -> None:
    assert (compile_pattern(pattern).regex.fullmatch(path) is not None) == matches


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "/a",
        "a//b",
        "a/",
        "../a",
        "./a",
        "a**",
        "**a/b",
        "[a",
        "a[!",
        "[]",
        "[z-a]",
        "{a",
        "a}",
        "[a/b]",
        "{a,b}" * 9,
        "x" * 5000,
        "{a,{b,c}",
        "a/[/]",
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


def test_a_hostile_pattern_takes_no_long_time() -> None:
    began = time.process_time()
    for pattern, path in (
        ("*a" * 40 + "b", "a" * 255),
        ("**/a/" * 30 + "b", "a/" * 400 + "c"),
        ("**/*a*a*a/" * 12 + "b", ("a" * 30 + "/") * 60 + "c"),
    ):
        assert compile_pattern(pattern).regex.fullmatch(path) is None
    assert time.process_time() - began < 2


def test_the_prefix_and_depth_bound_what_is_looked_at() -> None:
    assert compile_pattern("src/app/*.py")[:2] == ("src/app/", 3)
    assert compile_pattern("src/{app,api}/**")[:2] == ("src/ap", None)
    assert isinstance(compile_pattern("a").regex, re.Pattern)
