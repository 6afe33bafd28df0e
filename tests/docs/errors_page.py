"""The table in docs/reference/errors.md, written from the classes themselves: python -m tests.docs.errors_page"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from objstore import errors
from objstore.cli.exit_codes import code_of
from tests.test_errors import SAMPLES, made

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
HEADING = "## Every error\n\n| error | when | also a | exit code |\n|---|---|---|---|\n"


def table() -> str:
    """The rows, by name. `when` is the first sentence of the docstring."""
    return "".join(_row(name) for name in sorted(set(SAMPLES) - {"ObjstoreError"}))


def _row(name: str) -> str:
    kind = getattr(errors, name)
    when = re.split(r"(?<=\.)\s", " ".join((inspect.getdoc(kind) or "").split()))[0].replace("|", "\\|")
    builtin = SAMPLES[name][1]
    also = "" if builtin is Exception else f"`{builtin.__name__}`"
    return f"| `{name}` | {when} | {also} | {code_of(made(name))} |\n"


if __name__ == "__main__":
    head = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    PAGE.write_text(head + HEADING + table(), encoding="utf-8")
