"""The language of searches, and its translation for SQLite.

    word            an event that has the word; what is no letter or digit parts words, so `read_file` is a phrase
    wor*            a word that begins so (two characters or more)
    "some words"    these words in a row; "some wor"* the last one begins so
    a b, a AND b    both          a OR b   one of them          NOT a   without it
    ( )             grouping; NOT binds closest, then AND, then OR

AND, OR and NOT count in capitals only. Everything else is text. What is handed to SQLite is made of quoted words and
our own operators alone, so no text of a query reaches its parser as syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from objstore.errors import InvalidQuery
from objstore.index.words import has_word, spaced, storable, words

MAX_CHARACTERS: Final = 4000
MAX_TERMS: Final = 64
_DEEPEST: Final = 32
_SHORTEST_PREFIX: Final = 2
_TOKEN = re.compile(r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<quote>")|(?P<word>[^\s()"]+))')
_CLOSES_NOTHING = "this parenthesis closes nothing; leave it out, or put the text with it in quotes"
_NOT_CLOSED = "the parenthesis is not closed; put ) behind, or put the text with it in quotes"
_OPERATORS = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row, as they were written; `prefix`: the last one may go on."""

    text: str
    prefix: bool


@dataclass(frozen=True, slots=True)
class Both:
    """All of several."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of several."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Everything but what it holds."""

    part: Node


Node: TypeAlias = "Term | Both | Either | Without"
_Read: TypeAlias = "Callable[[], Node | None]"


class Query(NamedTuple):
    """A query: for SQLite, the node that it was made of, and the terms to show in excerpts."""

    match: str
    node: Node
    shown: tuple[Term, ...]


class _Token(NamedTuple):
    kind: str  # "open", "close", "phrase", "word", or an operator
    text: str
    at: int
    prefix: bool = False


def parse_query(text: str) -> Query:
    """Read a query. InvalidQuery."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidQuery(
            text[:80] + "…", MAX_CHARACTERS, f"it has more than {MAX_CHARACTERS:,} characters; use fewer"
        )
    parser = _Parser(text, list(_tokens(text)))
    node = parser.whole()
    match, complement = _translate(node)
    if complement:
        raise InvalidQuery(text, 0, "it only says what must not be there; add a word that must")
    return Query(match, node, tuple(_shown(node)))


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while (match := _TOKEN.match(text, position)) is not None:
        kind, position = match.lastgroup or "", match.end()
        at = match.start(kind)
        if kind == "quote":
            end = text.find('"', position)
            if end < 0:
                raise InvalidQuery(text, at, 'the quotation mark is not closed; put another " behind the phrase')
            prefix = text.startswith("*", end + 1)
            yield _Token("phrase", text[position:end], at, prefix)
            position = end + 1 + prefix
        elif kind == "word":
            word = match[kind]
            if word in _OPERATORS:
                yield _Token(word, word, at)
            else:
                yield _Token("word", word, at, word.endswith("*"))
        else:
            yield _Token(kind, match[kind], at)


class _Parser:
    """Recursive descent over the tokens. A node is None where nothing of it can be looked for, such as "--"."""

    def __init__(self, text: str, tokens: Sequence[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Node:
        if not self._tokens:
            raise InvalidQuery(self._text, 0, "it is empty; give a word")
        node = self._either()
        rest = self._peek()
        if rest is not None:
            raise InvalidQuery(self._text, rest.at, _CLOSES_NOTHING)
        if node is None:
            raise InvalidQuery(self._text, 0, "it has no letter and no digit, and nothing else can be searched for")
        return node

    def _either(self) -> Node | None:
        found = [self._both()]
        while self._peek_kind() == "OR":
            self._next += 1
            found.append(self._both())
        return _joined(Either, found)

    def _both(self) -> Node | None:
        found = [self._one()]
        while self._peek_kind() not in ("OR", "close", ""):
            if self._peek_kind() == "AND":
                self._next += 1
            found.append(self._one())
        return _joined(Both, found)

    def _one(self) -> Node | None:
        token = self._peek()
        if token is None or token.kind in ("close", "AND", "OR"):
            raise self._lacking(token)
        self._next += 1
        if token.kind == "NOT":
            with_part = self._deeper(token, self._one)
            return None if with_part is None else Without(with_part)
        if token.kind == "open":
            return self._deeper(token, lambda: self._group(token))
        return self._term(token)

    def _lacking(self, token: _Token | None) -> InvalidQuery:
        """What to say where something to look for should stand, and `token` stands instead."""
        before = self._tokens[self._next - 1] if self._next else None
        if before is not None and before.kind in _OPERATORS:
            return InvalidQuery(self._text, before.at, f"nothing stands behind {before.kind}; {_as_word(before.kind)}")
        if token is not None and token.kind in _OPERATORS:
            return InvalidQuery(self._text, token.at, f"nothing stands before {token.kind}; {_as_word(token.kind)}")
        if token is not None and before is None:
            return InvalidQuery(self._text, token.at, _CLOSES_NOTHING)
        at = 0 if before is None else before.at
        if token is None:
            return InvalidQuery(self._text, at, _NOT_CLOSED)
        return InvalidQuery(self._text, at, "there is nothing in the parentheses; give a word, or leave them out")

    def _group(self, opened: _Token) -> Node | None:
        node = self._either()
        if self._peek_kind() != "close":
            raise InvalidQuery(self._text, opened.at, _NOT_CLOSED)
        self._next += 1
        return node

    def _deeper(self, token: _Token, read: _Read) -> Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InvalidQuery(self._text, token.at, f"it is nested more than {_DEEPEST} deep; write it flatter")
        node = read()
        self._depth -= 1
        return node

    def _term(self, token: _Token) -> Node | None:
        text = storable(token.text).replace("\0", " ")
        if not has_word(text):
            return None
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise InvalidQuery(self._text, token.at, f"it has more than {MAX_TERMS} words; use fewer")
        found = words(text)
        if token.prefix and len(found) == 1 and found[0].isascii() and len(found[0]) < _SHORTEST_PREFIX:
            reason = f"{found[0]}* fits too much; give {_SHORTEST_PREFIX} characters or more before the *"
            raise InvalidQuery(self._text, token.at, reason)
        return Term(text, token.prefix)

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _peek_kind(self) -> str:
        token = self._peek()
        return "" if token is None else token.kind


def _as_word(operator: str) -> str:
    return f'to search for the word, write "{operator}" in quotes'


def _joined(kind: type[Both] | type[Either], parts: Sequence[Node | None]) -> Node | None:
    kept = tuple(part for part in parts if part is not None)
    return kind(kept) if len(kept) > 1 else kept[0] if kept else None


def _translate(node: Node) -> tuple[str, bool]:
    """An expression for SQLite, and whether the node is its complement: SQLite's NOT takes two sides."""
    if isinstance(node, Term):
        quoted = spaced(node.text).replace('"', " ")
        return f'"{quoted}"{" *" if node.prefix else ""}', False
    if isinstance(node, Without):
        match, complement = _translate(node.part)
        return match, not complement
    parts = [_translate(part) for part in node.parts]
    plain = [match for match, complement in parts if not complement]
    others = [match for match, complement in parts if complement]
    if isinstance(node, Both):
        if not plain:
            return _grouped("OR", others), True
        return (f"({_grouped('AND', plain)} NOT {_grouped('OR', others)})" if others else _grouped("AND", plain)), False
    if not others:
        return _grouped("OR", plain), False
    # a OR NOT b is all but what b has and a has not.
    return (f"({_grouped('AND', others)} NOT {_grouped('OR', plain)})" if plain else _grouped("AND", others)), True


def _grouped(operator: str, matches: Sequence[str]) -> str:
    return matches[0] if len(matches) == 1 else "(" + f" {operator} ".join(matches) + ")"


def _shown(node: Node, wanted: bool = True) -> Iterator[Term]:
    """The terms whose presence makes an event match."""
    if isinstance(node, Term):
        if wanted:
            yield node
    elif isinstance(node, Without):
        yield from _shown(node.part, not wanted)
    else:
        for part in node.parts:
            yield from _shown(part, wanted)
