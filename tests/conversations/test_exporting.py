"""Exports: pages without a request or a script, whatever the events hold; JSON lines that come back as they were."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import objstore

NASTY = "</article><script>alert(1)</script><img src=http://evil/x onerror=alert(2)> & \" ' ]]> \x00\x1b[31mred\x1b[0m \ud800"
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Checks that tags nest, and keeps what is there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(conv: objstore.Conversation) -> Page:
    return Page("".join(conv.export("html")))


def check_harmless(page: Page) -> None:
    assert not {"script", "img", "iframe", "link", "object", "form", "svg"} & {*page.tags}
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("src", "style", "srcset", "action")}
    assert all((value or "").startswith("#e") for name, value in page.attributes if name == "href")


def test_a_page_is_harmless_whatever_the_events_say() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c<b>")
        conv.metadata.update({"title": NASTY.replace("\ud800", ""), "tags": ["<i>"]})
        conv.append_many(
            [
                {"role": NASTY, "content": NASTY},
                {"role": "assistant", "tool_calls": [{"function": {"name": NASTY, "arguments": NASTY}}]},
                {"role": "tool", "content": f"```\n{NASTY}\n```\n" * 40},
                {NASTY: [NASTY]},
                NASTY,
                {"role": "user", "content": "see ```\n<b>\n```\n"},
            ]
        )
        conv.files.write("<x>.txt", b"</pre>1\n")
        conv.append(1)
        conv.files.write("<x>.txt", b"</pre><script>2\n")
        conv.append(2)
        page = page_of(conv)
        check_harmless(page)
        assert page.text.count("alert(1)") >= 45
        assert "\x1b" not in page.text
        assert "red" in page.text
        assert page.tags.count("article") == 8


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda c: st.lists(c) | st.dictionaries(st.text(), c), max_leaves=8
    )
)
def test_any_value_makes_a_page_that_nests(value: object) -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append(value)
        check_harmless(page_of(conv))
        assert [json.loads(line) for line in "".join(conv.export("jsonl")).splitlines()] == [value]
        assert "".join(conv.export("markdown")).startswith("# c\n")


def test_a_page_shows_who_speaks_folds_what_is_long_and_what_changed_in_the_files(tmp_path: Path) -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.metadata.update({"title": "Ferry times", "tags": ["travel"]})
        work = tmp_path / "work"
        work.mkdir()
        (work / "a.py").write_text("one\ntwo\n")
        conv.append({"role": "user", "content": "Hello"}, snapshot=work)
        (work / "a.py").write_text("one\n2\n")
        conv.append({"role": "assistant", "content": "```python\nx = 1\n```"}, snapshot=work)
        conv.append({"role": "tool", "content": "\n".join(f"line {number}" for number in range(500))})
        text = "".join(conv.export("html"))
        page = Page(text)
        assert "<h1>Ferry times</h1>" in text
        assert 'class="user" id="e1"' in text
        assert "changed: a.py" in page.text
        assert '<span class="del">-two</span><span class="add">+2</span>' in text
        assert "(500 lines)" in page.text
        assert page.tags.count("details") == 2
        assert "<pre>x = 1\n</pre>" in text
        assert "Content-Security-Policy" in text
        assert not re.search(r"https?://", text)
        assert "".join(conv.at(1).export("html", title="Then")).count("<article") == 1


def test_markdown_keeps_what_is_in_a_fence_in_it() -> None:
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append({"role": "tool", "name": "bash", "content": "````\nnot the end\n````"})
        conv.append({"role": "tool", "content": "x\n" * 100})
        text = "".join(conv.export("markdown"))
        assert "## #1 tool\n" in text
        assert "`````\n````\nnot the end\n````\n`````" in text
        assert "<details>" in text
        with pytest.raises(ValueError, match="not 'pdf'"):
            conv.export("pdf")  # type: ignore[arg-type]


def test_json_lines_are_imported_again_as_they_were(tmp_path: Path) -> None:
    values = [{"role": "user", "content": "ä \ud800 \x00"}, [1, 2.5, None, 10**30], "text", {"b": 1, "a": 2}]
    with objstore.open("memory:") as store:
        conv = store.conversations.create("c")
        conv.append_many(values)
        (tmp_path / "x.jsonl").write_text("".join(conv.export("jsonl")), encoding="utf-8")
        from objstore.importers import Skipped, scan

        for history in scan(tmp_path / "x.jsonl"):
            assert not isinstance(history, Skipped)
            store.import_history(history, "again/")
        (info,) = store.conversations.find("again/")
        assert list(store.conversations.open(info.name)) == values
        assert [*map(repr, store.conversations.open(info.name))] == [*map(repr, values)]
