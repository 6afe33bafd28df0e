"""What reading costs: verified events from the journal and from packs, in any order and in sequence; moments; opening.

events    the corpus: random and sequential reads, beside git cat-file --batch, dulwich and libgit2 on one pack
moment    `conv.at(n)` and 20 events in a conversation of a million
opening   opening a store of a million objects and more: time and memory
"""

from __future__ import annotations

import random
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import objstore
from objstore.objects.commits import decode_commit
from tools.bench import corpus, peers
from tools.bench.append import small
from tools.bench.harness import Report, conclude, in_child, interleave, median, nothing, options, workspace
from tools.bench.size import fill, repack

PARTS = ("events", "moment", "opening")


def event_ids(store: Any) -> list[bytes]:
    """The ids of all events, conversation after conversation, oldest first."""
    found: list[bytes] = []
    for info in store.conversations.find():
        log = store.conversations.open(info.name).log()
        ids = [decode_commit(store.storage.read(commit.oid).payload).event for commit in log]
        found += [oid for oid in reversed(ids) if oid is not None]
    return found


def read_ids(place: str, seed: int, count: int) -> dict[str, float]:
    """Microseconds of a verified read: random and in sequence, by id and through the conversation."""
    draw = random.Random(seed)
    with objstore.open(place) as store:
        ids = event_ids(store)
        chosen = [draw.choice(ids) for _ in range(count)]
    with objstore.open(place) as store:
        read = store.storage.read
        times = interleave({"random": lambda n: read(chosen[n])}, rounds=count // 10, settle=nothing)
    with objstore.open(place) as store:
        begin, events = perf_counter(), 0
        for info in store.conversations.find():
            for _ in store.conversations.open(info.name):
                events += 1
        through = (perf_counter() - begin) / events
    with objstore.open(place) as store:
        begin = perf_counter()
        for _ in store.storage.read_many(ids):
            pass
        sequence = (perf_counter() - begin) / len(ids)
    with objstore.open(place) as store:
        names = {info.name: info.events for info in store.conversations.find()}
        pairs = [(name, draw.randrange(names[name])) for name in draw.choices(list(names), k=count)]
        opened = {name: store.conversations.open(name) for name in names}
        indexed = interleave({"random": lambda n: opened[pairs[n][0]][pairs[n][1]]}, rounds=count // 10, settle=nothing)
    return {
        "random": median(times["random"]) * 1e6,
        "mean": sum(times["random"]) / count * 1e6,
        "sequence": sequence * 1e6,
        "through": through * 1e6,
        "indexed": median(indexed["random"]) * 1e6,
    }


def read_peers(folder: str, scale: float, seed: int, count: int) -> dict[str, dict[str, float]]:
    """The same of git's readers on one pack of the same events."""
    place, draw = Path(folder), random.Random(seed)
    texts = [peers.json_bytes(event) for _, said in corpus.conversations(scale) for event in said]
    ids = peers.pack_with_git(place, texts)
    chosen = [draw.choice(ids) for _ in range(count)]
    found: dict[str, dict[str, float]] = {}
    readers: dict[str, Callable[[Path], Any]] = {
        "git cat-file --batch": peers.GitCatFile,
        "dulwich": peers.DulwichReader,
        "pygit2": peers.Libgit2Reader,
    }
    for name, make in readers.items():
        reader = make(place)
        times = interleave({name: lambda n, reader=reader: reader.read(chosen[n])}, rounds=count // 10, settle=nothing)
        begin = perf_counter()
        for oid in ids:
            reader.read(oid)
        sequence = (perf_counter() - begin) / len(ids)
        mean = sum(times[name]) / count
        found[name] = {"random": median(times[name]) * 1e6, "mean": mean * 1e6, "sequence": sequence * 1e6}
        reader.close()
    return found


def events(report: Report, folder: Path, chosen: Namespace) -> None:
    """Reads of the corpus, before and after a repack, peers after."""
    place, count = str(folder / "store"), max(500, round(5000 * chosen.scale))
    in_child(fill, place=place, scale=chosen.scale)
    goals = {"journal": {"random": 20.0, "sequence": None}, "packs": {"random": 90.0, "sequence": 10.0}}
    words = {
        "random": "random, by id, p50",
        "mean": "random, by id, mean",
        "sequence": "in sequence, by id",
        "through": "in sequence, of a conversation, as values",
        "indexed": "random conv[i], as a value",
    }
    own: dict[str, float] = {}
    for where, limits in goals.items():
        own = in_child(read_ids, place=place, seed=1, count=count).value
        for key, value in own.items():
            report.figure(f"an event from {where}", words[key], value, "µs", at_most=limits.get(key))
        if where == "journal":
            in_child(repack, place=place)
    for name, figures in in_child(
        read_peers, folder=str(folder / "git"), scale=chosen.scale, seed=1, count=count
    ).value.items():
        for key, value in figures.items():
            report.figure(f"an event from {name}", words[key], value, "µs", peer="objstore", ratio=value / own[key])


def grow(place: str, count: int) -> None:
    """A conversation of `count` small events, packed."""
    with objstore.open(place, create=True) as store:
        conversation = store.conversations.open("c", create=True)
        for begin in range(0, count, 4096):
            conversation.append_many([small(n) for n in range(begin, min(count, begin + 4096))])
        store.repack()


def read_moments(place: str, count: int, rounds: int) -> dict[str, float]:
    """Milliseconds of `conv.at(n)` and the 20 events up to it, at random places; the first one of a process apart."""
    draw = random.Random(3)
    with objstore.open(place) as store:
        conversation = store.conversations.open("c")
        times: list[float] = []
        for number in [draw.randrange(20, count) for _ in range(rounds)]:
            begin = perf_counter()
            view = conversation.at(number)
            seen = list(view[number - 20 : number])
            times.append(perf_counter() - begin)
            assert seen == [small(n) for n in range(number - 20, number)]
    return {"p50": median(times) * 1e3, "first": times[0] * 1e3}


def moment(report: Report, folder: Path, chosen: Namespace) -> None:
    """Going back in a long conversation."""
    place, count = str(folder / "store"), max(20_000, round(1_000_000 * chosen.scale))
    in_child(grow, place=place, count=count)
    figures = in_child(read_moments, place=place, count=count, rounds=300).value
    report.figure(f"at(n) and 20 events of {count:,}", "p50", figures["p50"], "ms", at_most=2)
    report.figure(f"at(n) and 20 events of {count:,}", "first of a process", figures["first"], "ms")


def open_once(place: str) -> dict[str, float]:
    """Milliseconds of the first opening of a store in a process, the public door imported; and of the second."""
    opener = objstore.open  # the import, as `from objstore import open` is: `bench version` says what it takes
    times: list[float] = []
    for _ in range(2):
        begin = perf_counter()
        store = opener(place)
        times.append((perf_counter() - begin) * 1e3)
        store.close()
    return {"first": times[0], "again": times[1]}


def open_nothing() -> None:
    """A process that has imported the same and opened no store."""
    assert callable(objstore.open)


def opening(report: Report, folder: Path, chosen: Namespace) -> None:
    """A store of a million objects: half a million events, their commits and index."""
    place, count = str(folder / "store"), max(10_000, round(500_000 * chosen.scale))
    in_child(grow, place=place, count=count)
    runs = [(in_child(open_once, place=place), in_child(open_nothing)) for _ in range(7)]
    name = f"opening {2 * count:,} objects"
    first, again = (median([run.value[key] for run, _ in runs]) for key in ("first", "again"))
    report.figure(name, "first of a process, p50", first, "ms", at_most=10)
    report.figure(name, "again, p50", again, "ms")
    memory = median([run.peak - empty.peak for run, empty in runs]) / 1e6
    report.figure(name, "memory over the import", memory, "MB", at_most=20)


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("read", folder)
        for part in chosen.parts:
            place = folder / part
            place.mkdir()
            {"events": events, "moment": moment, "opening": opening}[part](report, place, chosen)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
