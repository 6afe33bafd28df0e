"""Which text of an event is searched: of the shapes that agents write, and of anything else."""

from __future__ import annotations

import json
import random

import pytest

from objstore.index.text import MAX_CHARACTERS, indexed_text, plain_texts
from tools.bench import corpus

LONG = "the same output, longer than forty characters, said twice"


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("plain", ["plain"]),
        ({"role": "user", "content": "hello"}, ["hello"]),
        ({"type": "an unusual type of event"}, ["an unusual type of event"]),
        ({"a": [1, True, None, 1.5, {"b": "x", "c": ["y"]}], "z": "last"}, ["x", "y", "last"]),
        ({"id": "call_BNrTzCFIxvLwCcY1v5bYCyoc", "content": "x"}, ["x"]),
        ({"id": "order 17"}, ["order 17"]),
        ({"uuid": "0f3a3c1e-6a0e-4d0b-8d9e-2f3a4b5c6d7e", "text": "y"}, ["y"]),
        ({"timestamp": "2026-11-01T10:00:00.123Z", "message": "z"}, ["z"]),
        ({"function": {"name": "bash", "arguments": '{"command": "ls\\nfoo"}'}}, ["bash", "ls\nfoo"]),
        ({"arguments": "{not json"}, ["{not json"]),
        ({"stdout": LONG, "content": LONG}, [LONG]),
        ({"content": f"OBSERVATION:\n{LONG}", "raw": LONG}, [f"OBSERVATION:\n{LONG}"]),
        ({"a": "ok", "b": "ok"}, ["ok", "ok"]),
        ({"image": "data:image/png;base64," + "iVBORw0KGgo" * 50, "alt": "a chart"}, ["a chart"]),
        ({"action": "ls", "observation": "a.py", "query": [{"content": "all before"}]}, ["ls", "a.py"]),
        ({"query": "how many rows"}, ["how many rows"]),
        (None, []),
        ({}, []),
        ({"content": ""}, []),
    ],
)
def test_the_texts_of_an_event(value: object, texts: list[str]) -> None:
    assert list(plain_texts(value)) == texts


def test_the_text_is_bounded_and_its_beginning_counts() -> None:
    value = {"content": "word " * MAX_CHARACTERS, "more": "late"}
    body = indexed_text(value).text
    assert len(body) <= MAX_CHARACTERS
    assert "late" not in body
    many = ["piece of text number one" for _ in range(MAX_CHARACTERS)]
    assert len("\n".join(plain_texts(many))) <= MAX_CHARACTERS


def test_a_value_as_deep_as_may_be_stored_is_read() -> None:
    value: object = "bottom"
    for _ in range(1020):
        value = [value]
    assert list(plain_texts(value)) == ["bottom"]


@pytest.mark.parametrize("number", range(5))
def test_what_agents_wrote_is_found_in_the_formats_of_known_agents(number: int) -> None:
    name, events = corpus.conversation(number)
    text = [indexed_text(event).text for event in events[:40]]
    session = json.dumps(events[:40])
    words = random.Random(number).sample(sorted({w for w in session.split() if w.isalpha() and len(w) > 6}), 20)
    missed = [word for word in words if not any(word in body for body in text)]
    assert not missed, name
    assert sum(map(len, text)) < 0.95 * len(session)
