"""Collecting garbage in a large store: what marking takes, and what a collection takes after few changes.

A store of conversations of a thousand events each, packed: a million objects at scale 1. `dry run` is the marking alone;
then one event in a hundred is replaced (a rewind and new events), logs expire, and it is collected.
"""

from __future__ import annotations

import random
import sys
from datetime import timedelta
from pathlib import Path

import objstore
from tools.bench.harness import Report, Usage, conclude, in_child, options, workspace

EVENTS = 500_000
LENGTH = 1_000


def fill(place: str, scale: float) -> None:
    """The store: an event and a commit are two objects."""
    draw = random.Random(1)
    with objstore.open(place, create=True) as store:
        for number in range(max(1, round(EVENTS * scale / LENGTH))):
            conversation = store.conversations.create(f"c{number}")
            conversation.append_many([{"n": n, "text": draw.randbytes(60).hex()} for n in range(LENGTH)])
        store.repack()


def change(place: str) -> None:
    """Replace one event in a hundred of every conversation."""
    with objstore.open(place) as store:
        for info in list(store.conversations.find()):
            conversation = store.conversations.open(info.name)
            conversation.rewind(LENGTH - LENGTH // 100)
            conversation.append_many([{"again": n} for n in range(LENGTH // 100)])


def collect(place: str, dry_run: bool) -> dict[str, object]:
    """A collection; what came of it."""
    with objstore.open(place) as store:
        return store.gc(dry_run=dry_run, expire_reflog=timedelta(0))._asdict()


def told(report: Report, name: str, used: Usage, most: float | None = None) -> None:
    """The figures of one collection."""
    facts = used.value
    report.figure(name, "objects kept", facts["kept"], "objects")
    report.figure(name, "objects deleted", facts["deleted"], "objects")
    report.figure(name, "wall time", used.wall, "s", at_most=most)
    report.figure(name, "CPU time", used.cpu, "s")
    report.figure(name, "peak memory", used.peak / 1e6, "MB", at_most=300)


def run(report: Report, folder: Path, scale: float) -> None:
    """All of it."""
    place = str(folder / "store")
    in_child(fill, place=place, scale=scale)
    mark = in_child(collect, place=place, dry_run=True)
    told(report, "dry run", mark, 30 * scale)
    in_child(change, place=place)
    again = in_child(collect, place=place, dry_run=False)
    told(report, "after 1 % change", again)
    report.figure("after 1 % change", "wall time", again.wall, "s", peer="dry run", ratio=again.wall / mark.wall)


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, ("gc",))
    with workspace(chosen.folder) as folder:
        report = Report("gc", folder)
        run(report, folder, chosen.scale)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
