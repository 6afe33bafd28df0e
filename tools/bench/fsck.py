"""Checking a store, beside `git fsck --full` on the same files.

CONV: the corpus of conversations, repacked. FILES: 30,000 files of the standard library and the installed packages.
Speeds are given by the bytes of the objects and by the bytes on disk. git's own repository is checked as `git add` and
`git commit` leave it, and once more after `git repack -ad`; its time is the wall time of the command.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import objstore
from tools.bench import ingest, peers, size
from tools.bench.harness import Report, Usage, conclude, in_child, options, workspace


def check(place: str, full: bool = True) -> dict[str, object]:
    """A check; what it read."""
    with objstore.open(place) as store:
        report = store.fsck(full=full)
    assert report.sound, report.findings
    return report.facts()


def git_check(place: str) -> float:
    """`git fsck --full`; seconds."""
    begin = time.perf_counter()
    peers.git(Path(place), "fsck", "--full", "--no-progress")
    return time.perf_counter() - begin


def git_repack(place: str) -> None:
    """`git repack -ad`."""
    peers.git(Path(place), "repack", "-q", "-a", "-d")


def told(report: Report, name: str, used: Usage, goal: float) -> None:
    """The figures of one check."""
    facts = used.value
    report.figure(name, "wall time", used.wall, "s")
    report.figure(name, "objects", facts["objects"], "objects")
    report.figure(name, "bytes of objects", facts["bytes"] / 1e6 / used.wall, "MB/s", at_least=goal)
    report.figure(name, "bytes on disk", facts["stored"] / 1e6 / used.wall, "MB/s")
    report.figure(name, "peak memory", used.peak / 1e6, "MB")


def conversations(report: Report, folder: Path, scale: float) -> None:
    """CONV."""
    place = str(folder / "conv")
    in_child(size.fill, place=place, scale=scale)
    in_child(size.repack, place=place)
    told(report, "CONV, full", in_child(check, place=place), 60)
    quick = in_child(check, place=place, full=False)
    report.figure("CONV, quick", "wall time", quick.wall, "s")


def files(report: Report, folder: Path, scale: float) -> None:
    """FILES."""
    top, place, repository = folder / "top", str(folder / "files"), str(folder / "repo.git")
    ingest.lay_out(top, round(ingest.FILES * scale))
    in_child(ingest.take, place=place, top=str(top))
    in_child(ingest.git_take, place=repository, top=str(top))
    used = in_child(check, place=place)
    told(report, "FILES, full", used, 120)
    beside = in_child(git_check, place=repository).value
    report.figure("FILES, full", "wall time", used.wall, "s", peer="git fsck", ratio=used.wall / beside, at_most=1.2)
    git_repack(repository)
    packed = in_child(git_check, place=repository).value
    again = in_child(check, place=place)
    report.figure("FILES, full", "wall", again.wall, "s", peer="git fsck, repacked", ratio=again.wall / packed)
    quick = in_child(check, place=place, full=False)
    report.figure("FILES, quick", "wall time", quick.wall, "s")


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, ("conv", "files"))
    with workspace(chosen.folder) as folder:
        report = Report("fsck", folder)
        if "conv" in chosen.parts:
            conversations(report, folder, chosen.scale)
        if "files" in chosen.parts:
            files(report, folder, chosen.scale)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
