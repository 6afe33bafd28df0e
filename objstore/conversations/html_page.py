"""A conversation as one HTML page to share: offline, escaped, without a script or a request to anywhere.

Its own content security policy forbids both. Long outputs and thoughts are folded with `<details>`; what an event
changed in the files stands below it as a diff. Written piece by piece, one event in memory at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import islice

from objstore.conversations.html_style import STYLE
from objstore.conversations.readable import Part, readable
from objstore.conversations.view import ConversationView, EventEntry
from objstore.files.patch import FileDiff
from objstore.files.view import FilesView
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository

_MOST_LINES = 24  # A part of more is folded.
_MOST_TEXT = 2400
_MOST_FILES = 40  # Of one event; more are counted, not shown.
_MOST_DIFF = 600
_FENCE = re.compile(r"^```[^\n`]*\n(.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_CONTROLS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"} | {127: "\u2421"}
_CODE = re.compile(r"`([^`\n]+)`")
_SPEAKERS = {"user": "user human", "assistant": "assistant agent model", "tool": "tool function environment"}
_ROLES = {who: role for role, names in _SPEAKERS.items() for who in names.split()}


def html_page(repo: Repository, view: ConversationView, title: str) -> Iterator[str]:
    """The page, piece by piece. MissingObject, CorruptObject."""
    yield _head(view, title)
    before: Oid | None = None
    for entry in view.entries():
        yield _event(repo, entry, before)
        before = entry.commit.files
    head = view.commit
    yield f"</main>\n<footer>{len(view)} events · moment {head.id} · exported by objstore</footer>\n</body>\n</html>\n"


def _head(view: ConversationView, title: str) -> str:
    about = view.metadata
    tags = "".join(f'<span class="tag">{_text(tag)}</span>' for tag in sorted(about.tags))
    period = f"{_time(about.created)} – {_time(about.changed)}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{_text(title)}</h1><p class="meta">{len(view)} events · {period} {tags}</p></header>\n<main>\n'
    )


def _event(repo: Repository, entry: EventEntry, before: Oid | None) -> str:
    who, parts = readable(entry.value)
    number = entry.number + 1
    commit = entry.commit
    role = _ROLES.get(who, "other")
    moment = f'<time datetime="{_time(commit.time).replace(" ", "T")}Z">{_time(commit.time)}</time>'
    heading = f'<h2><span>{_text(who)}</span> <a href="#e{number}">#{number}</a> {moment}</h2>'
    body = "".join(_part(part) for part in parts)
    changes = "" if commit.files == before or commit.files is None else _changes(repo, before, commit.files)
    return f'<article class="{role}" id="e{number}">{heading}{body}{changes}</article>\n'


def _part(part: Part) -> str:
    label = f'<span class="label">{_text(part.label)}</span>' if part.label else ""
    if part.kind == "text":
        return label + _prose(part.text)
    if part.kind == "thought":
        return _folded("thought", f'<div class="text thought">{_text(part.text)}</div>', part.text)
    sign = {"call": "→ ", "result": "← "}.get(part.kind, "")
    heading = f"{sign}{label}" if label or sign else "data"
    if not part.text:
        return f"<div>{heading}</div>"
    shown = f"<pre>{_text(part.text)}</pre>"
    return _folded(heading, shown, part.text)


def _folded(heading: str, shown: str, text: str) -> str:
    lines = text.count("\n") + 1
    if lines <= _MOST_LINES and len(text) <= _MOST_TEXT:
        return f"<div>{heading}{shown}</div>" if heading != "thought" else shown
    size = f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
    return f"<details><summary>{heading} ({size})</summary>{shown}</details>"


def _prose(text: str) -> str:
    """Text as people wrote it; fenced code stands apart."""
    pieces: list[str] = []
    at = 0
    for fence in _FENCE.finditer(text):
        pieces += [_paragraphs(text[at : fence.start()]), f"<pre>{_text(fence[1])}</pre>"]
        at = fence.end()
    return "".join([*pieces, _paragraphs(text[at:])])


def _paragraphs(text: str) -> str:
    stripped = text.strip("\n")
    shown = _CODE.sub(r"<code>\1</code>", _text(stripped))
    return f'<div class="text">{shown}</div>' if stripped.strip() else ""


def _changes(repo: Repository, before: Oid | None, after: Oid) -> str:
    """What an event changed in the files."""
    if before is None:
        count = len(FilesView(repo, after))
        return f'<p class="meta">files: {count:,} at the first snapshot</p>' if count else ""
    found = list(islice(FilesView(repo, before).patch(FilesView(repo, after)), _MOST_FILES + 1))
    more = '<p class="meta">and more files</p>' if len(found) > _MOST_FILES else ""
    return "".join(_file(file) for file in found[:_MOST_FILES]) + more


def _file(file: FileDiff) -> str:
    lines = file.text.rstrip("\n").split("\n")
    heading = f'<span class="label">{_text(lines[0])}</span>'
    rows = [_row(line) for line in lines[1 : _MOST_DIFF + 1] if not line.startswith(("--- ", "+++ "))]
    cut = f'<span class="at">… {len(lines) - 1 - _MOST_DIFF:,} more lines</span>' if len(lines) - 1 > _MOST_DIFF else ""
    shown = " open" if len(lines) <= _MOST_LINES else ""
    return f'<details{shown}><summary>{heading}</summary><pre class="diff">{"".join(rows)}{cut}</pre></details>'


def _row(line: str) -> str:
    kind = {"+": ' class="add"', "-": ' class="del"', "@": ' class="at"'}.get(line[:1], "")
    return f"<span{kind}>{_text(line) or ' '}</span>"


def _text(text: str) -> str:
    """Text for HTML: escaped, without a terminal's colours, control characters as their pictures."""
    return escape(_ESCAPES.sub("", text.replace("\r\n", "\n")).translate(_CONTROLS))


def _time(time: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).strftime("%Y-%m-%d %H:%M:%S")
