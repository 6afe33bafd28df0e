"""A line on the terminal that says how far long work has come; silent where standard error is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from objstore.maintenance.progress import Progress, silent

_EVERY = 0.2


@contextmanager
def shown_progress() -> Generator[Progress, None, None]:
    """Progress that is shown while the block runs, and wiped away behind it."""
    if not sys.stderr.isatty():
        yield silent
        return
    last = 0.0

    def show(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _EVERY:
            return
        last = now
        share = f" {100 * done // total:3d} %" if total else f" {done:,}"
        sys.stderr.write(f"\r\x1b[K{what}{share}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
