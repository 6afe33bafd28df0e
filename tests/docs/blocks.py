"""The blocks of a documentation page that can be executed, read from its Markdown.

A fenced block marked `console`, `python` or `pycon` is executed; a `text` block right behind a `python` block is what
that one prints. Two comments, in a line of their own before a block, say what a reader need not see:

    <!-- first: cp -r "$SAMPLES" runs -->      a command that prepares something
    <!-- not run: it needs a network -->       the next block is not executed, and why
    <!-- needs: claude_agent_sdk -->           the next block is executed where this package is: in `dev.py suites`

`…` stands for any text within a line; a line of nothing but `…` for any number of lines. Ids and dates are compared by
shape alone. A console block whose expected output has a line that begins with "objstore: " or "Error: " shows a call
that fails; every other call must succeed. Output that is not given is not compared. HOME is the page's own folder;
SAMPLES is the folder of the package's trajectories, HISTORIES one with histories of every kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

RUNNABLE = ("console", "python", "pycon")
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>\w*)[^`]*$")
_COMMENT = re.compile(r"^\s*<!-- (?P<verb>first|not run|needs): (?P<text>.*?) -->\s*$")


@dataclass
class Block:
    """A fenced block. `line` is that of its fence, from 1; `first` are commands before it; `skipped` why it is not run.

    `needs` are the packages that it is about and that not every environment has.
    """

    language: str
    line: int
    lines: list[str] = field(default_factory=list[str])
    first: list[str] = field(default_factory=list[str])
    skipped: str = ""
    needs: list[str] = field(default_factory=list[str])
    prints: list[str] | None = None

    @property
    def text(self) -> str:
        """The content, every line ended."""
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def runs(self) -> bool:
        """Whether it is executed here."""
        return self.language in RUNNABLE and not self.skipped and all(map(_is_there, self.needs))


@dataclass
class Call:
    """One command of a console block with the output that the page shows, None if it shows none."""

    command: str
    line: int
    shown: list[str] | None


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page; a `text` block that says what the block before it prints is part of that one."""
    found: list[Block] = []
    between = False  # Whether anything but empty lines stands between the last block and this line.
    for block, prose in _parse(page.read_text(encoding="utf-8").split("\n")):
        if block is None:
            between = between or bool(prose.strip())
        elif block.language == "text" and found and not between and found[-1].language == "python":
            found[-1].prints = block.lines
        else:
            found.append(block)
            between = False
    return found


def _parse(lines: list[str]) -> Iterator[tuple[Block | None, str]]:
    """Blocks, and lines of prose as (None, line)."""
    first: list[str] = []
    needs: list[str] = []
    skipped = ""
    block: Block | None = None
    indent, fence = "", ""
    for number, line in enumerate(lines, 1):
        if block is not None:
            if line.strip() == fence:
                yield block, ""
                block = None
            else:
                block.lines.append(line.removeprefix(indent))
            continue
        opened, comment = _FENCE.match(line), _COMMENT.match(line)
        if opened:
            indent, fence = opened["indent"], opened["fence"]
            block = Block(opened["language"], number, first=first, skipped=skipped, needs=needs)
            first, needs, skipped = [], [], ""
        elif comment:
            if comment["verb"] == "first":
                first.append(comment["text"])
            elif comment["verb"] == "needs":
                needs.extend(comment["text"].split())
            else:
                skipped = comment["text"]
        else:
            yield None, line
    assert block is None, f"the block that begins in line {block.line if block else 0} does not end"


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # What it would be in is not there.
        return False


def calls(block: Block) -> list[Call]:
    """The commands of a console block: lines after `$ `, continued by `> `; what follows is output."""
    found: list[Call] = []
    for number, line in enumerate(block.lines, block.line + 1):
        if line.startswith("$ "):
            found.append(Call(line[2:], number, None))
        elif line.startswith("> ") and found and found[-1].shown is None:
            found[-1].command += "\n" + line[2:]
        else:
            assert found, f"line {number}: output before a command (commands begin with '$ ')"
            found[-1].shown = [*(found[-1].shown or []), line]
    return found
