"""Glob patterns over paths: `*`, `?`, `[a-z]`, `[!a-z]`, `{a,b}`, and `**` for any number of folders.

A pattern is about a whole path, from the top: `*.py` is what lies at the top, `**/*.py` what lies anywhere, `src/**`
everything below src. A name that begins with a dot is a name like any other, and letters count as they are written.
Matching takes time linear in the path for each star, whatever the pattern: stars never go back on each other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from objstore.errors import InvalidPattern

MAX_PATTERN = 4096
"""Characters in a pattern."""
MAX_ALTERNATIVES = 256
"""Patterns that one with braces may stand for."""


class Pattern(NamedTuple):
    """A compiled pattern: every match begins with `prefix`, has at most `depth` names (None: any number), and is what
    `regex` matches in full."""

    prefix: str
    depth: int | None
    regex: re.Pattern[str]


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """The pattern that a text says. InvalidPattern."""
    if not text or len(text) > MAX_PATTERN:
        raise InvalidPattern(text, f"a pattern has 1 to {MAX_PATTERN} characters")
    alternatives = [_parts(text, each) for each in _expanded(text, text)]
    depths = [None if "**" in parts else len(parts) for parts in alternatives]
    depth = None if None in depths else max(each for each in depths if each is not None)
    regex = "|".join(_regex(text, parts) for parts in alternatives)
    return Pattern(_shared([_literal(parts) for parts in alternatives]), depth, re.compile(regex, re.DOTALL))


def _expanded(pattern: str, text: str) -> list[str]:
    """The patterns that a text with braces stands for, from left to right, braces within braces included."""
    done: list[str] = []
    waiting = [text]
    while waiting:
        one = waiting.pop()
        span = _braces(pattern, one)
        if span is None:
            done.append(one)
        else:
            start, stop, choices = span
            waiting += [one[:start] + choice + one[stop:] for choice in reversed(choices)]
        if len(done) + len(waiting) > MAX_ALTERNATIVES:
            raise InvalidPattern(pattern, f"its braces stand for more than {MAX_ALTERNATIVES} patterns")
    return done


def _braces(pattern: str, text: str) -> tuple[int, int, list[str]] | None:
    """The first braces that are not in a set: where they begin and end, and what is between the commas."""
    at = 0
    while at < len(text):
        if text[at] == "[":
            at = _set_end(pattern, text, at)
        elif text[at] == "}":
            raise InvalidPattern(pattern, "a } without its {")
        elif text[at] == "{":
            return _choices(pattern, text, at)
        at += 1
    return None


def _choices(pattern: str, text: str, start: int) -> tuple[int, int, list[str]]:
    level, begin, at = 0, start + 1, start
    choices: list[str] = []
    while at < len(text):
        sign = text[at]
        if sign == "[":
            at = _set_end(pattern, text, at)
        elif sign == "{":
            level += 1
        elif sign == "," and level == 1:
            choices.append(text[begin:at])
            begin = at + 1
        elif sign == "}":
            level -= 1
            if not level:
                return start, at + 1, [*choices, text[begin:at]]
        at += 1
    raise InvalidPattern(pattern, "a { without its }")


def _parts(pattern: str, text: str) -> list[str]:
    parts = text.split("/")
    for part in parts:
        if not part:
            raise InvalidPattern(pattern, "it is absolute, or has an empty name in it")
        if part in (".", ".."):
            raise InvalidPattern(pattern, f"it has {part!r} in it")
        if "**" in part and part != "**":
            raise InvalidPattern(pattern, "** stands for whole folders: write it alone between slashes")
    return parts


def _regex(pattern: str, parts: list[str]) -> str:
    """The expression of one alternative. All between two `**` is found at the first place where it fits, for good, as
    in a name all between two stars."""
    runs: list[list[str]] = [[]]
    for part in parts:
        if part != "**":
            runs[-1].append(_name_regex(pattern, part))
        elif len(runs) == 1 or runs[-1]:
            runs.append([])
    first, *rest = ["/".join(run) for run in runs]
    if not rest:
        return first
    begin = f"{first}/" if first else ""
    middle = "".join(f"(?>(?:[^/]+/)*?{run}/)" for run in rest[:-1])
    return begin + middle + (f"(?:[^/]+/)*{rest[-1]}" if rest[-1] else ".+")


def _name_regex(pattern: str, part: str) -> str:
    """The expression of one name. All between two stars is found at the first place where it fits, for good: if what
    comes later fits at all, then also behind that place."""
    runs: list[list[str]] = [[]]
    for token in _tokens(pattern, part):
        if token != "*":
            runs[-1].append(token)
        elif len(runs) == 1 or runs[-1]:
            runs.append([])
    first, *rest = ["".join(run) for run in runs]
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{run})" for run in rest[:-1])
    name = f"{first}{middle}[^/]*{rest[-1]}"
    return f"(?=[^/]){name}"


def _tokens(pattern: str, part: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(part):
        sign = part[at]
        if sign == "[":
            end = _set_end(pattern, part, at)
            tokens.append(_set(pattern, part[at + 1 : end]))
            at = end
        else:
            tokens.append("[^/]" if sign == "?" else "*" if sign == "*" else re.escape(sign))
        at += 1
    return tokens


def _set_end(pattern: str, text: str, start: int) -> int:
    first = start + 1 + (text[start + 1 : start + 2] in ("!", "^"))
    end = text.find("]", first + 1)  # A ] that comes first is one of the set.
    if end < 0:
        raise InvalidPattern(pattern, "a [ without its ]")
    if "/" in text[start:end]:
        raise InvalidPattern(pattern, "a set has a slash in it")
    return end


def _set(pattern: str, inside: str) -> str:
    negated = inside[0] in "!^"
    chars = inside[1:] if negated else inside
    out = ""
    at = 0
    while at < len(chars):
        if chars[at + 1 : at + 2] == "-" and at + 2 < len(chars):
            low, high = chars[at], chars[at + 2]
            if low > high:
                raise InvalidPattern(pattern, f"the range {low}-{high} is empty")
            out += f"{re.escape(low)}-{re.escape(high)}"
            at += 3
        else:
            out += re.escape(chars[at])
            at += 1
    return f"[^/{out}]" if negated else f"(?!/)[{out}]"


def _literal(parts: list[str]) -> str:
    """What every match of one alternative begins with."""
    text = "/".join(parts)
    magic = re.search(r"[*?\[]", text)
    return text if magic is None else text[: magic.start()]


def _shared(texts: list[str]) -> str:
    low, high = min(texts), max(texts)
    for at, (one, other) in enumerate(zip(low, high, strict=False)):
        if one != other:
            return low[:at]
    return low[: len(high)]
