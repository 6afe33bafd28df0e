"""What one more event costs: time beside peers, CPU, waiting of many writers, and whether it stays flat.

latency   one durable append of a 2 KB event beside JSONL + fdatasync, SQLite, files, git, libgit2, dulwich
cpu       CPU of single appends and of append_many in batches of 256
writers   eight processes on one conversation each, and all on one: the longest wait
flat      time and new bytes of an event at 1,000 and at 1,000,000 events
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from time import perf_counter, process_time, sleep

import objstore
from tools.bench import corpus, harness, peers
from tools.bench.bare import LAYOUTS, bare_batches
from tools.bench.harness import (
    Report,
    conclude,
    end_child,
    in_child,
    median,
    options,
    percentile,
    start_child,
    workspace,
)

PARTS = ("latency", "cpu", "writers", "flat")
BEFORE = 500  # events in every peer before the first that counts
BATCH = 256


class Store:
    """The product, as a peer among peers."""

    durable = True

    def __init__(self, place: Path, name: str = "c") -> None:
        """Make or open a store and a conversation."""
        self.store = objstore.open(str(place), create=True)
        self.conversation = self.store.conversations.open(name, create=True)

    def append(self, event: object) -> None:
        """Keep one event."""
        self.conversation.append(event)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def latency(report: Report, folder: Path, chosen: Namespace) -> None:
    """One durable append, all sides interleaved; slow sides get fewer rounds of their own."""
    events = corpus.two_kilobytes(BEFORE + 600)
    fast = {"objstore": Store, "JSONL + fdatasync": peers.JsonLines, "SQLite WAL FULL": peers.SqliteRows}
    slow = {
        "file per event": peers.FilePerEvent,
        "pygit2, fsync on": partial(peers.Libgit2, fsync=True),
        "dulwich": peers.Dulwich,
        "git add + commit": peers.GitCommand,
        "git, core.fsync=all": partial(peers.GitCommand, fsync=True),
    }
    made: dict[str, peers.Appender] = {name: side(folder / name) for name, side in (fast | slow).items()}
    before = round(BEFORE * chosen.scale)
    for side in made.values():
        for event in events[:before]:
            side.append(event)
    sides = {name: lambda n, side=side: side.append(events[before + n % 600]) for name, side in made.items()}
    rounds = max(5, round(60 * chosen.scale))
    times = harness.interleave({name: sides[name] for name in fast}, rounds=rounds, block=20)
    with_store = {name: sides[name] for name in ("objstore", *slow)}
    others = harness.interleave(with_store, rounds=max(3, rounds // 10), block=10)
    for side in made.values():
        side.close()
    jsonl = "JSONL + fdatasync"
    for name in fast:
        for metric, part in (("p50", 0.5), ("p99", 0.99)):
            value, base = percentile(times[name], part), percentile(times[jsonl], part)
            goal = 1.25 if (name, metric) == ("objstore", "p50") else None
            ratio = None if name == jsonl else value / base
            report.figure(f"one append, {name}", metric, value * 1e6, "µs", peer=jsonl, ratio=ratio, at_most=goal)
    goals = {"git add + commit": 30.0, "pygit2, fsync on": 10.0}
    own = median(others["objstore"])
    for name in slow:
        value = median(others[name])
        ratio, goal = value / own, goals.get(name)
        report.figure(f"one append, {name}", "p50", value * 1e6, "µs", peer="objstore", ratio=ratio, at_least=goal)


def append_one_by_one(place: str, count: int, peer: bool) -> float:
    """CPU seconds of single appends: of the loop alone, the rest of the process not counted. `peer`: JSONL's."""
    events = corpus.two_kilobytes(min(count, 1000))
    side = peers.JsonLines(Path(place)) if peer else Store(Path(place))
    side.append(events[0])
    begin = process_time()
    for number in range(count):
        side.append(events[number % len(events)])
    spent = process_time() - begin
    side.close()
    return spent


def append_in_batches(place: str, batches: int) -> dict[str, float]:
    """CPU of `append_many`, as above."""
    events = corpus.two_kilobytes(BATCH * 4)
    side = Store(Path(place))
    side.append(events[0])
    wall, begin = perf_counter(), process_time()
    for number in range(batches):
        at = number % 4 * BATCH
        side.conversation.append_many(events[at : at + BATCH])
    spent, wall = process_time() - begin, perf_counter() - wall
    side.close()
    return {"cpu": spent, "wall": wall}


def cpu(report: Report, folder: Path, chosen: Namespace) -> None:
    """CPU of an append, alone and in a batch."""
    count, batches = max(200, round(3000 * chosen.scale)), max(4, round(120 * chosen.scale))
    spent: dict[bool, list[float]] = {False: [], True: []}
    for number in range(6):
        peer = number % 2 == 1
        place = str(folder / f"one{number}")
        spent[peer].append(in_child(append_one_by_one, place=place, count=count, peer=peer).value)
    report.figure("one append", "CPU", median(spent[False]) / count * 1e6, "µs", at_most=280)
    report.figure("one append, JSONL + fdatasync", "CPU", median(spent[True]) / count * 1e6, "µs")
    many: list[dict[str, float]] = []
    bare: dict[str, list[float]] = {layout: [] for layout in LAYOUTS}
    for n in range(3):
        many.append(in_child(append_in_batches, place=str(folder / f"many{n}"), batches=batches).value)
        for layout, times in bare.items():
            place = str(folder / f"{layout}{n}")
            times.append(in_child(bare_batches, place=place, batches=batches, size=BATCH, layout=layout).value)
    events = batches * BATCH
    rate = events / median([r["cpu"] for r in many])
    report.figure("append_many of 256", "events a second of CPU", rate, "/s", at_least=20_000)
    for layout, times in bare.items():
        limit = events / median(times)
        what = f"library calls alone, {layout}"
        report.figure(what, "events a second of CPU", limit, "/s", peer="append_many", ratio=limit / rate)
    report.figure("append_many of 256", "events a second", events / median([r["wall"] for r in many]), "/s")


def append_as_one_of_many(place: str, name: str, gate: str, seconds: float) -> list[float]:
    """Once the gate is open, append for some seconds; the seconds each append took. Without a name: to JSONL."""
    events = corpus.two_kilobytes(100, seed=2)
    times: list[float] = []
    side = Store(Path(place), name) if name else peers.JsonLines(Path(place) / str(os.getpid()))
    wait_at(Path(gate))
    until = perf_counter() + seconds
    while (begin := perf_counter()) < until:
        side.append(events[len(times) % 100])
        times.append(perf_counter() - begin)
    side.close()
    return times


def wait_at(gate: Path) -> None:
    """Say that this process is ready, and wait until the gate is open."""
    (gate / f"ready-{os.getpid()}").touch()
    while not (gate / "open").exists():
        sleep(0.001)


def open_gate(gate: Path, count: int) -> None:
    """Open the gate when so many processes stand before it."""
    while len(list(gate.glob("ready-*"))) < count:
        sleep(0.01)
    (gate / "open").touch()


def writers(report: Report, folder: Path, chosen: Namespace) -> None:
    """Eight processes at once; eight files of JSONL show what the disk and the scheduler do by themselves."""
    seconds = max(1.0, 6 * chosen.scale)
    cases = {
        "a conversation each": [f"c{number}" for number in range(8)],
        "one conversation": ["c"] * 8,
        "a JSONL file each": [""] * 8,
    }
    for case, names in cases.items():
        place, gate = folder / case.replace(" ", "-"), folder / f"gate of {case}"
        gate.mkdir()
        Store(place).close()
        arguments = {"place": str(place), "gate": str(gate), "seconds": seconds}
        running = [start_child(append_as_one_of_many, name=name, **arguments) for name in names]
        open_gate(gate, len(running))
        times = [end_child(process).value for process in running]
        every = [t for one in times for t in one]
        what, middle, fewest = f"8 processes, {case}", median(every), min(map(len, times))
        report.figure(what, "appends a second", len(every) / seconds, "/s")
        report.figure(what, "wait p50", middle * 1e6, "µs")
        share = fewest * len(times) / len(every)
        report.figure(what, "fewest appends of a process", fewest, "appends", peer="the mean", ratio=share)
        ratio, goal = max(every) / middle, 20 if names[0] else None
        report.figure(what, "longest wait", max(every) * 1e3, "ms", peer="the median", ratio=ratio, at_most=goal)


def measure_at(place: str, upto: int, count: int) -> dict[str, float]:
    """Grow a conversation to `upto` small events, then append `count` more, one at a time.

    Their median time; what the folder grew by for each of them, the store closed before and after; and the bytes of
    new commits and index nodes for each, uncompressed.
    """
    folder = Path(place)
    with objstore.open(place, create=True) as store:
        conversation = store.conversations.open("c", create=True)
        for begin in range(len(conversation), upto, 1024):
            conversation.append_many([small(n) for n in range(begin, min(upto, begin + 1024))])
    before = harness.folder_bytes(folder)
    times: list[float] = []
    with objstore.open(place) as store:
        conversation = store.conversations.open("c")
        for number in range(upto, upto + count):
            begin = perf_counter()
            conversation.append(small(number))
            times.append(perf_counter() - begin)
        commits = [store.storage.read(c.oid).payload for c, _ in zip(conversation.log(), range(count), strict=False)]
    grown = harness.folder_bytes(folder) - before
    return {"p50": median(times), "grown": grown / count, "commit": sum(map(len, commits)) / count}


def small(number: int) -> dict[str, object]:
    """An event of about 60 bytes of JSON: what the rest of an append weighs shows best beside it."""
    return {"role": "user", "content": f"message {number * 2654435761 % 2**32:08x}"}


def flat(report: Report, folder: Path, chosen: Namespace) -> None:
    """The same append in a short and in a long conversation."""
    long = max(20_000, round(1_000_000 * chosen.scale))
    event = len(json.dumps(small(0)))
    count = 2048  # two sealed leaves of the event index
    # The short one is made twice, before and after the long one: drift shows.
    results = [in_child(measure_at, place=str(folder / f"s{n}"), upto=n, count=count).value for n in (1000, long, 1001)]
    short = {key: min(results[0][key], results[2][key]) for key in results[0]}
    for key, metric, unit, factor in (
        ("p50", "p50", "µs", 1e6),
        ("grown", "new bytes on disk", "B", 1),
        ("commit", "new commit", "B", 1),
    ):
        report.figure("append at 1,000 events", metric, short[key] * factor, unit)
        ratio = results[1][key] / short[key]
        report.figure(
            f"append at {long:,} events",
            metric,
            results[1][key] * factor,
            unit,
            peer="at 1,000",
            ratio=ratio,
            at_most=1.25,
        )
    # A leaf of 1,024 ids of 32 bytes is sealed every 1,024 events, and its parents with it.
    report.figure("new metadata of an event", "objects", results[1]["commit"] + 32 * 65 / 64 + 2, "B", at_most=400)
    report.figure(
        "new bytes on disk of an event", f"journal, event of {event} B not counted", results[1]["grown"] - event, "B"
    )


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("append", folder)
        for part in chosen.parts:
            place = folder / part
            place.mkdir()
            {"latency": latency, "cpu": cpu, "writers": writers, "flat": flat}[part](report, place, chosen)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
