"""`objstore search`, which is `objstore conversations search` too."""

from __future__ import annotations

import json

import pytest

from tests.cli.calls import Calls


@pytest.fixture
def chats(call: Calls) -> Calls:
    call.chat("c1", "please fix readFile in src/app.py", "and the sockets too")
    call("fork", "c1", "c2", "--at", "1")
    call.chat("d1", "sockets are fine")
    event = {"role": "tool", "name": "bash", "content": "sockets \x1b[31mred", "timestamp": "2026-01-02T03:04:05Z"}
    call("conversations", "append", "d1", json.dumps(event))
    return call


def test_a_hit_says_where_it_is_who_spoke_when_and_what(chats: Calls) -> None:
    text = chats("search", "sockets", "--tool", "bash")
    assert "d1#2  tool bash  2026-01-02 03:04:05" in text
    assert "sockets \\x1b[31mred" in text


def test_a_hit_for_programs_names_every_place(chats: Calls) -> None:
    (hit,) = chats.json("search", "app.py")
    assert (hit["moment"], hit["places"], hit["more"]) == ("c1#1", ["c1#1", "c2#1"], False)
    assert (hit["role"], hit["tools"]) == ("user", [])
    (mark,) = hit["marks"]
    assert hit["excerpt"][slice(*mark)] == "app.py"
    assert chats.json("conversations", "search", "app.py") == [hit]
    assert "c1#1 and 1 other" in chats("search", "readFile")
    assert chats.json("show", hit["moment"])[-1]["value"]["content"].startswith("please fix")


@pytest.mark.parametrize(
    ("words", "moments"),
    [
        (("sockets",), ["c1#2", "d1#1", "d1#2"]),
        (("sockets", "NOT", "fine"), ["c1#2", "d1#2"]),
        (("sockets", "--in", "d"), ["d1#1", "d1#2"]),
        (("sockets", "--role", "user"), ["c1#2", "d1#1"]),
        (("sockets", "--since", "2026-01-02", "--until", "2026-01-03"), ["d1#2"]),
        (("sockets", "--at", "d1#1"), ["d1#1"]),
        (("sockets", "--at", "2 hours ago"), []),
        (("sock*", "-n", "1", "--offset", "2", "--in", "d"), []),
        (('"sockets are"',), ["d1#1"]),
    ],
)
def test_hits_are_limited_as_asked(chats: Calls, words: tuple[str, ...], moments: list[str]) -> None:
    lines = [line for line in chats("search", *words, "--json").splitlines() if line.startswith("{")]
    assert sorted(json.loads(line)["moment"] for line in lines) == moments


def test_nothing_found_is_no_error_and_said(chats: Calls) -> None:
    assert chats("search", "absent") == "objstore: nothing was found\n"
    assert "there is no more" in chats("search", "sockets", "--offset", "9")


def test_a_query_that_cannot_be_read_is_wrong_usage_and_its_place_is_named(chats: Calls) -> None:
    assert "at character 9, nothing stands behind OR" in chats("search", "sockets OR", code=2)
    chats("search", code=2)
    chats("search", "sockets", "--at", "nothing", code=3)
    chats("search", "sockets", "--since", "soon", code=2)


def test_the_index_can_be_brought_up_to_date_alone(chats: Calls) -> None:
    (caught,) = chats.json("search", "--catch-up")
    assert caught == {"conversations": 3, "events": 4, "unreadable": []}
    assert chats("search", "--catch-up") == "0 events of 0 conversations taken up\n"
