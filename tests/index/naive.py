"""A search as anybody would write it first: read every event of every conversation. The model that the index is held against."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

import objstore
from objstore.conversations.view import ConversationView

VOCABULARY = [
    "alpha",
    "beta",
    "gamma",
    "Alpha",
    "read_file",
    "readFile",
    "HTTPServer",
    "src/app.py",
    "x2",
    "東京",
    "1.5",
]
QUERIED = [*VOCABULARY, "file", "readfile", "Server", "app", "京", "absent"]


@dataclass(frozen=True)
class Word:
    """A word or phrase; `prefix`: its end is open."""

    text: str
    prefix: bool = False

    def __str__(self) -> str:
        return f'"{self.text}"' + "*" * self.prefix if " " in self.text else self.text + "*" * self.prefix

    def fits(self, lines: list[list[str]]) -> bool:
        """Whether the words stand in a row in one of the lists."""
        wanted = whole_words(self.text)
        return any(
            line[at : at + len(wanted) - 1] == wanted[:-1]
            and at + len(wanted) <= len(line)
            and (
                line[at + len(wanted) - 1].startswith(wanted[-1])
                if self.prefix
                else line[at + len(wanted) - 1] == wanted[-1]
            )
            for line in lines
            for at in range(len(line))
        )


@dataclass(frozen=True)
class Joined:
    """All of several ("AND", or nothing between them), or one of them ("OR")."""

    operator: str
    parts: tuple[object, ...]

    def __str__(self) -> str:
        return f" {self.operator} ".join(f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts)

    def fits(self, lines: list[list[str]]) -> bool:
        outcomes = [part.fits(lines) for part in self.parts]  # type: ignore[attr-defined]
        return any(outcomes) if self.operator == "OR" else all(outcomes)


@dataclass(frozen=True)
class Not:
    """What the part does not fit."""

    part: object

    def __str__(self) -> str:
        return f"NOT ({self.part})"

    def fits(self, lines: list[list[str]]) -> bool:
        return not self.part.fits(lines)  # type: ignore[attr-defined]


def whole_words(text: str) -> list[str]:
    """Runs of letters and digits in small letters; every Chinese character by itself."""
    return re.findall(r"[一-鿿]|[a-z0-9]+", text.lower())


def lines_of(text: str) -> list[list[str]]:
    """The words of a text in a row, and the parts of its words in camelCase."""
    parts: list[str] = []
    for word in dict.fromkeys(re.findall(r"[A-Za-z0-9]+", text)):
        split = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+", word)
        parts += [part.lower() for part in split] if len(split) > 1 else []
    return [whole_words(text), parts]


def places(store: objstore.Store, query: object, prefix: str = "") -> dict[str, str]:
    """Every place where the query fits, as "c1#3", and the id of the event there."""
    found: dict[str, str] = {}
    for info in store.conversations.find(prefix):
        view = store.view(info.name)
        found |= {f"{info.name}#{number}": oid for number, oid in fitting(view, query)}
    return found


def fitting(view: ConversationView, query: object) -> Iterator[tuple[int, str]]:
    """Numbers (from 1) and ids of the events of a moment that the query fits."""
    for number, event in enumerate(view):
        assert isinstance(event, dict)
        if query.fits(lines_of(str(event["content"]))):  # type: ignore[attr-defined]
            oid = view.event_info(number).event
            assert oid is not None
            yield number + 1, oid.hex()


def queries() -> st.SearchStrategy[object]:
    """Queries of every form."""
    words = st.builds(Word, st.sampled_from(QUERIED), st.just(False))
    phrases = st.builds(Word, st.lists(st.sampled_from(QUERIED), min_size=2, max_size=3).map(" ".join), st.booleans())
    prefixes = st.builds(
        Word, st.sampled_from(["al", "alph", "read", "readF", "read_f", "HTTPS", "東", "ap"]), st.just(True)
    )
    return st.recursive(
        st.one_of(words, words, phrases, prefixes),
        lambda inner: st.one_of(
            st.builds(Joined, st.sampled_from(["AND", "OR", ""]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Not, inner),
        ),
        max_leaves=6,
    )
