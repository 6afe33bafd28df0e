"""`objstore conversations export`: a conversation in a form to share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from objstore.conversations.view import Form

_SUFFIXES: dict[str, Form] = {".html": "html", ".htm": "html", ".md": "markdown", ".jsonl": "jsonl"}


@click.command(cls=PlainCommand)
@click.argument("moment", shell_complete=complete("conversations"))
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write it there.")
@click.option(
    "--form", type=click.Choice(["html", "markdown", "jsonl"]), help="What to write (default: by FILE, or html)."
)
@session
def export(current: Session, moment: str, output: Path | None, form: Form | None) -> None:
    """Write a conversation for others to read.

    html is one page that needs no network and runs no script; jsonl has an event a line, as `import` takes it back.
    MOMENT is a name, or c1#3 for the beginning.
    """
    chosen = form or (None if output is None else _SUFFIXES.get(output.suffix.lower())) or "html"
    with current.open() as store:
        view = store.view(moment)
        pieces = view.export(chosen, title=view.metadata.title or moment)
        if output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece.encode("utf-8", "backslashreplace"))
            sys.stdout.buffer.flush()
            return
        size = _write(output, pieces)
        current.show(
            {"file": str(output), "form": chosen, "events": len(view), "bytes": size}, f"{output}: {size:,} bytes"
        )


def _write(output: Path, pieces: Iterator[str]) -> int:
    """Write the file, and leave none that is cut short."""
    size = 0
    try:
        with output.open("wb") as file:
            for piece in pieces:
                size += file.write(piece.encode("utf-8", "backslashreplace"))
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    return size
