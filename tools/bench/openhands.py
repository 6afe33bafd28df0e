"""OpenHands' file store and event log, on their LocalFileStore and on ours, interleaved in one process.

Needs the SDK: `.dev/suites/bin/python -m tools.bench.openhands [EVENTS]`, after `python3 tools/dev.py suites` made that
environment. Both sides make every event durable; theirs is the file, and the marker beside it, ours a commit.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from objstore.adapters.openhands import ObjstoreFileStore

_WORDS = "the quick brown fox jumps over the lazy dog and goes on to the next file "


def main() -> int:
    """Print the figures; 1 where the SDK is not installed."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("OPENHANDS_SUPPRESS_BANNER", "1")
    try:
        from openhands.sdk.conversation.event_store import EventLog
        from openhands.sdk.io import LocalFileStore
    except ImportError:
        print("OpenHands' SDK is not installed here: python3 tools/dev.py suites, then")
        print(".dev/suites/bin/python -m tools.bench.openhands")
        return 1
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = Path(folder, "theirs"), Path(folder, "ours")
        appends(EventLog, LocalFileStore(str(theirs)), ours, [message(number) for number in range(count)])
        reopens(EventLog, lambda: LocalFileStore(str(theirs)), ours, count)
        print(f"disk: theirs {used(theirs) / 1e6:.1f} MB, ours {used(ours) / 1e6:.1f} MB")
        states(Path(folder, "state"))
    return 0


def message(number: int) -> Any:
    """An event of some 1.2 KB."""
    from openhands.sdk.event import MessageEvent
    from openhands.sdk.llm import Message, TextContent

    content = [TextContent(text=f"{number} {_WORDS * 12}")]
    name = str(uuid.UUID(int=number))
    return MessageEvent(id=name, source="user", llm_message=Message(role="user", content=content))


def appends(log: Callable[[Any], Any], theirs: Any, ours: Path, events: list[Any]) -> None:
    """One after the other, an event on each side in turn."""
    times: tuple[list[float], list[float]] = [], []
    with ObjstoreFileStore(ours) as files:
        for event in events:
            for side, each in zip(times, (_logs(log, theirs), _logs(log, files)), strict=True):
                start = time.perf_counter()
                each.append(event)
                side.append(time.perf_counter() - start)
    medians = [statistics.median(side) * 1e6 for side in times]
    sums = [sum(side) for side in times]
    print(
        f"append p50: theirs {medians[0]:.0f} µs, ours {medians[1]:.0f} µs, {medians[1] / medians[0]:.2f} x;"
        f" mean {sums[1] / sums[0]:.2f} x"
    )


_open_logs: dict[int, Any] = {}


def _logs(log: Callable[[Any], Any], files: Any) -> Any:
    if id(files) not in _open_logs:
        _open_logs[id(files)] = log(files)
    return _open_logs[id(files)]


def reopens(log: Callable[[Any], Any], theirs: Callable[[], Any], ours: Path, count: int) -> None:
    """A new file store and a new event log on what is there, and then every event read."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(7):
        start = time.perf_counter()
        assert len(log(theirs())) == count
        middle = time.perf_counter()
        files = ObjstoreFileStore(ours)
        assert len(log(files)) == count
        times[1].append(time.perf_counter() - middle)
        times[0].append(middle - start)
        files.close()
    medians = [statistics.median(side) * 1e3 for side in times]
    print(f"reopen {count}: theirs {medians[0]:.1f} ms, ours {medians[1]:.1f} ms, {medians[1] / medians[0]:.2f} x")
    with ObjstoreFileStore(ours) as files:
        logs = log(theirs()), log(files)
        start = time.perf_counter()
        first = list(logs[0])
        middle = time.perf_counter()
        assert list(logs[1]) == first
        end = time.perf_counter()
    print(f"read all: theirs {middle - start:.2f} s, ours {end - middle:.2f} s")


def states(folder: Path, calls: int = 500) -> None:
    """A state rewritten after each call of a model: what is written, and what all versions of it take."""
    written = 0
    usage: list[object] = []
    with ObjstoreFileStore(folder) as files:
        start = time.perf_counter()
        for number in range(calls):
            usage.append({"model": "gpt-5", "cost": number / 7, "prompt_tokens": number, "response_id": f"r-{number}"})
            metrics = {"costs": usage, "response_latencies": usage, "token_usages": usage}
            state = {"agent": {"notes": _WORDS * 40}, "stats": {"default": metrics}, "status": number % 2}
            text = json.dumps(state, separators=(",", ":"))
            written += len(text)
            files.write("base_state.json", text)
        took = (time.perf_counter() - start) / calls
        fresh = used(folder)
        files.store.repack()
        packed = sum(file.stat().st_size for file in Path(files.store.place, "packs").iterdir())
    print(
        f"{calls} states, {written / 1e6:.1f} MB written: {fresh / 1e6:.1f} MB on disk, {packed / 1e6:.1f} MB in packs"
        f" ({packed / written:.3f} x), {took * 1e3:.1f} ms each"
    )


def used(folder: Path) -> int:
    """Bytes of disk below a folder."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))


if __name__ == "__main__":
    sys.exit(main())
