"""The server's log: a JSON object a line on standard error, control characters escaped. Never content, never a token."""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from typing import TextIO

_MOST = 2000  # Characters of one text.


class Log:
    """Lines of facts. Safe between threads."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stderr if out is None else out
        self._lock = threading.Lock()

    def write(self, event: str, **facts: object) -> None:
        """One line: when, what, and its facts."""
        when = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        shown = {name: value[:_MOST] if isinstance(value, str) else value for name, value in facts.items()}
        line = json.dumps({"time": when, "event": event, **shown})
        with self._lock:
            self._out.write(line + "\n")
            self._out.flush()

    def fault(self, request: str, error: BaseException) -> None:
        """A fault of the server's own, with where it was and without the values that were at hand."""
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        self.write("fault", request=request, error=type(error).__name__, where=where[-12:])
