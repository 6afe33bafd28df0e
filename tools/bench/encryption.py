"""What sealing costs: an encrypted store beside a plain one, in the same run.

append   one durable append of a 2 KB event, and opening by an identity
ingest   a snapshot of 30,000 files, each in a child process: wall time, CPU time, size
unlock   opening by a passphrase, beside its key derivation alone
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from argparse import Namespace
from pathlib import Path

import objstore
from objstore.keys.identity import Identity, write_identity
from objstore.keys.passphrase import MODERATE, stretched
from tools.bench import corpus, ingest
from tools.bench.harness import (
    Report,
    conclude,
    folder_bytes,
    in_child,
    interleave,
    median,
    nothing,
    options,
    workspace,
)

PARTS = ("append", "ingest", "unlock")
BLOCK = 10
PASSPHRASE = "a passphrase for measuring only"


def identity(folder: Path) -> Path:
    """An identity file."""
    path = folder / "identity"
    if not path.exists():
        write_identity(path, Identity(os.urandom(32)))
    return path


def append(report: Report, folder: Path, chosen: Namespace) -> None:
    """Appends of both, interleaved; then opening and closing again."""
    key = identity(folder)
    rounds = max(6, round(60 * chosen.scale))
    events = corpus.two_kilobytes(rounds * BLOCK)
    with (
        objstore.open(folder / "plain", create=True) as plain,
        objstore.open(folder / "sealed", create=True, key=key) as sealed,
    ):
        ours = {
            "plain": plain.conversations.open("c", create=True),
            "encrypted": sealed.conversations.open("c", create=True),
        }
        runs = {name: lambda number, conv=conv: conv.append(events[number]) for name, conv in ours.items()}
        times = interleave(runs, rounds=rounds, block=BLOCK)
    ratio = median(times["encrypted"]) / median(times["plain"])
    report.figure(
        "append", "p50", median(times["encrypted"]) * 1e6, "µs", peer="a plain store", ratio=ratio, at_most=1.25
    )
    opened = interleave(
        {
            "plain": lambda _: objstore.open(folder / "plain").close(),
            "encrypted": lambda _: objstore.open(folder / "sealed", key=key).close(),
        },
        rounds=max(5, round(40 * chosen.scale)),
        block=1,
        settle=nothing,
    )
    report.figure("open and close by an identity", "p50", median(opened["encrypted"]) * 1e3, "ms", at_most=10)
    report.figure("open and close, plain", "p50", median(opened["plain"]) * 1e3, "ms")


def take(place: str, top: str, key: str | None) -> None:
    """Snapshot a directory into a new store."""
    with objstore.open(place, create=True, key=key) as store:
        store.files.open("ws", create=True).snapshot(top)


def bulk(report: Report, folder: Path, chosen: Namespace) -> None:
    """Snapshots of both in turns, each into a new store."""
    key = str(identity(folder))
    top = folder / "tree"
    ingest.lay_out(top, max(200, round(ingest.FILES * chosen.scale)))
    took: dict[str, list[tuple[float, float]]] = {"plain": [], "encrypted": []}
    size: dict[str, int] = {}
    for number in range(3):
        for name, opened in (("plain", None), ("encrypted", key)):
            place = folder / f"{name}{number}"
            used = in_child(take, place=str(place), top=str(top), key=opened)
            took[name].append((used.wall, used.cpu))
            size[name] = folder_bytes(place)
    for at, metric, limit in ((0, "wall time", 1.35), (1, "CPU time", None)):
        plain, sealed = (statistics.median(each[at] for each in took[name]) for name in took)
        peer = "a plain store"
        report.figure("ingest", metric, sealed, "s", peer=peer, ratio=sealed / plain, at_most=limit)
    ratio = size["encrypted"] / size["plain"]
    report.figure("ingest", "size", size["encrypted"] / 1e6, "MB", peer="a plain store", ratio=ratio, at_most=1.03)


def unlock(report: Report, folder: Path, chosen: Namespace) -> None:
    """Opening by a passphrase, and its key derivation alone."""
    objstore.open(folder / "locked", create=True, passphrase=PASSPHRASE).close()
    times: dict[str, list[float]] = {"open": [], "derivation": []}
    for _ in range(max(3, round(5 * chosen.scale))):
        began = time.perf_counter()
        stretched(PASSPHRASE, os.urandom(16), MODERATE)
        between = time.perf_counter()
        objstore.open(folder / "locked", passphrase=PASSPHRASE).close()
        times["derivation"].append(between - began)
        times["open"].append(time.perf_counter() - between)
    alone = median(times["derivation"])
    report.figure("key derivation", "p50", alone * 1e3, "ms")
    report.figure("unlocking", "p50 over the derivation", (median(times["open"]) - alone) * 1e3, "ms", at_most=50)


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("encryption", folder)
        for name, part in (("append", append), ("ingest", bulk), ("unlock", unlock)):
            if name in chosen.parts:
                into = folder / name
                into.mkdir()
                part(report, into, chosen)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
