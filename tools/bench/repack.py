"""Repacking: how fast, what a little more costs, and whether it is in the way of appends.

Speed is the JSON of CONV by the CPU time of the whole process. "A hundredth more" is a second repack after 1 % more
events. Appends run in one process, without and beside a gentle repack of the same process, as `auto_repack` does it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import objstore
from objstore.maintenance.repack.pace import Gentle, Stopped
from objstore.maintenance.repack.run import pack_and_merge
from objstore.storage.local.storage import LocalStorage
from tools.bench import corpus, size
from tools.bench.harness import Report, conclude, in_child, options, percentile, workspace

APPENDS = 3000


def more(place: str, scale: float) -> None:
    """Append a hundredth of the corpus again."""
    with objstore.open(place) as store:
        for name, said in corpus.conversations(scale / 100):
            store.conversations.open(f"more-{name}", create=True).append_many(said)


def appends(place: str, count: int, beside: bool) -> dict[str, float]:
    """Seconds of one append in the middle and at the 99th percentile, beside a gentle repack or not."""
    import threading

    times: list[float] = []
    with objstore.open(place) as store:
        storage = store.storage
        assert isinstance(storage, LocalStorage)
        pace = Gentle()

        def pack() -> None:
            try:
                with storage.maintenance():
                    pack_and_merge(storage, pace)
            except Stopped:
                pass

        thread = threading.Thread(target=pack)
        conversation = store.conversations.create(f"appends-{beside}")
        if beside:
            thread.start()
        overlap = 0
        for number in range(count):
            begin = time.perf_counter()
            conversation.append({"n": number, "text": "some words of an agent " * 40})
            times.append(time.perf_counter() - begin)
            overlap += beside and thread.is_alive()
        pace.stop()
        if beside:
            thread.join()
    return {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "overlap": overlap / count}


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, ("speed", "appends"))
    with workspace(chosen.folder) as folder:
        report = Report("repack", folder)
        if "speed" in chosen.parts:
            speed(report, str(folder / "speed"), chosen.scale)
        if "appends" in chosen.parts:
            beside(report, folder / "appends", chosen.scale)
    return conclude(report, chosen)


def speed(report: Report, place: str, scale: float) -> None:
    """A whole repack, and one of a hundredth more."""
    filled = in_child(size.fill, place=place, scale=scale).value
    whole = in_child(size.repack, place=place)
    report.figure("whole", "JSON per core", filled["bytes"] / 1e6 / whole.cpu, "MB/s", at_least=60)
    report.figure("whole", "peak memory", whole.peak / 1e6, "MB")
    in_child(more, place=place, scale=scale)
    again = in_child(size.repack, place=place)
    report.figure("a hundredth more", "CPU", again.cpu, "s", peer="whole", ratio=again.cpu / whole.cpu)


def beside(report: Report, place: Path, scale: float) -> None:
    """Appends without and with a repack beside them."""
    in_child(size.fill, place=str(place), scale=scale)
    alone = in_child(appends, place=str(place), count=APPENDS, beside=False).value
    both = in_child(appends, place=str(place), count=APPENDS, beside=True).value
    report.figure("append beside a repack", "share of appends beside it", both["overlap"], "")
    for part, limit in (("p50", None), ("p99", 2.0)):
        ratio = both[part] / alone[part]
        report.figure("append beside a repack", part, both[part] * 1e6, "µs", peer="alone", ratio=ratio, at_most=limit)


if __name__ == "__main__":
    sys.exit(main())
