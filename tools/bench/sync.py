"""Clone, push and pull of agents' conversations, beside git with the same as JSONL files.

Both sides of either lie on the same disk and are reached by path: git by `clone --no-local`, which packs and checks as it
does over a network; ours by the protocol, encoded and decoded as over a pipe. A plain copy of the folder with a full
check behind it says what the disk and the hashes alone take.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import objstore
from tools.bench.corpus import conversations
from tools.bench.harness import Report, conclude, folder_bytes, in_child, options, workspace

_ROUNDS = 30


def fill(place: str, jsonl: str, scale: float) -> int:
    """The corpus in a store, packed, and as a JSONL file for each conversation; how many events."""
    count = 0
    with objstore.open(place, create=True) as store:
        for conversation in conversations(scale):
            store.conversations.create(conversation.name).append_many(conversation.events)
            lines = "".join(json.dumps(event) + "\n" for event in conversation.events)
            (Path(jsonl) / f"{conversation.name}.jsonl").write_text(lines)
            count += len(conversation.events)
        store.repack()
    return count


def clone(place: str, target: str) -> int:
    """A clone; how many objects came."""
    with objstore.clone(place, target) as store:
        return store.stats().objects


def copy(place: str, target: str) -> int:
    """The folder copied, and everything in it verified; how many findings."""
    shutil.copytree(place, target)
    with objstore.open(target) as store:
        return len(store.fsck().findings)


def git(folder: Path, *words: str) -> None:
    """One call of git."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *who, *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def small_steps(report: Report, place: Path, target: Path) -> None:
    """Push and pull of one event, and of nothing, to a store that has the whole corpus: medians."""
    with objstore.open(place) as far, objstore.open(target) as near:
        name = next(far.conversations.find()).name
        ours, theirs = near.conversations.open(name), far.conversations.open(name)
        pushes: list[float] = []
        pulls: list[float] = []
        idle: list[float] = []
        trips = 0
        for number in range(_ROUNDS):
            ours.append({"n": number, "text": "one more " * 20})
            begin = time.perf_counter()
            trips = max(trips, near.push("origin", name).round_trips)
            pushes.append(time.perf_counter() - begin)
            idle.append(timed(lambda: near.pull("origin", name)))
            theirs.append({"n": number, "text": "and more " * 20})
            pulls.append(timed(lambda: near.pull("origin", name)))
    report.figure("push of one event", "round trips", trips, "", at_most=3)
    report.figure("push of one event", "wall time", 1000 * statistics.median(pushes), "ms", at_most=10)
    report.figure("pull of one event", "wall time", 1000 * statistics.median(pulls), "ms")
    report.figure("pull of nothing", "wall time", 1000 * statistics.median(idle), "ms", at_most=3)


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__)
    with workspace(chosen.folder) as folder:
        report = Report("sync", folder)
        place, files = folder / "store", folder / "files"
        files.mkdir()
        in_child(fill, place=str(place), jsonl=str(files), scale=chosen.scale)
        git(files, "init", "-q")
        git(files, "add", ".")
        git(files, "commit", "-q", "-m", "all")
        os.sync()
        ours = in_child(clone, place=str(place), target=str(folder / "clone"))
        theirs = timed(lambda: git(folder, "clone", "-q", "--no-local", str(files), str(folder / "git")))
        plain = in_child(copy, place=str(place), target=str(folder / "copy"))
        report.figure("clone", "wall time", ours.wall, "s", peer="git clone", ratio=ours.wall / theirs, at_most=0.6)
        ratio = ours.wall / plain.wall
        report.figure("clone", "wall time", ours.wall, "s", peer="copy and fsck", ratio=ratio, at_most=1.3)
        report.figure("clone", "peak memory", ours.peak / 1e6, "MB", at_most=150)
        size = folder_bytes(folder / "clone") / folder_bytes(place)
        report.figure("clone", "size", folder_bytes(folder / "clone") / 1e6, "MB", peer="the source", ratio=size)
        small_steps(report, place, folder / "clone")
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
