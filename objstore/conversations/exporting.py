"""A conversation in forms that others read: an HTML page, Markdown, JSON lines. Each is written piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from objstore.conversations.html_page import html_page
from objstore.conversations.readable import Part, readable
from objstore.conversations.view import ConversationView, EventEntry, Form
from objstore.repository.repository import Repository

_LONG = 24  # Lines; an output of more is folded.
_TICKS = re.compile(r"`{3,}")


def exported(repo: Repository, view: ConversationView, form: Form, title: str) -> Iterator[str]:
    """The text of an export, in pieces. ValueError: no such form; MissingObject, CorruptObject."""
    if form == "html":
        return html_page(repo, view, title)
    if form == "markdown":
        return _markdown(view, title)
    if form == "jsonl":
        return (json.dumps(value) + "\n" for value in view)
    raise ValueError(f"an export is html, markdown or jsonl, not {form!r}")


def _markdown(view: ConversationView, title: str) -> Iterator[str]:
    yield f"# {' '.join(title.split())}\n"
    tags = sorted(view.metadata.tags)
    if tags:
        yield f"\nTags: {', '.join(tags)}\n"
    for entry in view.entries():
        yield _markdown_event(entry)


def _markdown_event(entry: EventEntry) -> str:
    who, parts = readable(entry.value)
    return "\n".join([f"\n## #{entry.number + 1} {' '.join(who.split())}\n", *(_markdown_part(part) for part in parts)])


def _markdown_part(part: Part) -> str:
    if part.kind == "text":
        return (f"`{part.label}`\n\n" if part.label else "") + part.text + "\n"
    if part.kind == "thought":
        return "\n".join(f"> {line}".rstrip() for line in part.text.split("\n")) + "\n"
    sign = {"call": "→", "result": "←"}.get(part.kind, "")
    label = f"{sign} `{part.label}`" if part.label else sign or "data"
    if not part.text:
        return f"{label}\n"
    # A fence is longer than any within, so that nothing in the text ends it.
    fence = "`" * max([3, *(len(ticks) + 1 for ticks in _TICKS.findall(part.text))])
    block = f"{fence}\n{part.text}\n{fence}\n"
    if part.text.count("\n") >= _LONG:
        return f"<details><summary>{sign} {part.text.count(chr(10)) + 1} lines</summary>\n\n{label}\n\n{block}\n</details>\n"
    return f"{label}\n\n{block}"
