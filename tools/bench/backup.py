"""Backing up 30,000 files, beside restic: the first time, unchanged, and restored.

restic backs up the directory itself; we back up the store that holds its snapshot, and the first figure with the time
of the snapshot added is given as well. Both write to the same disk. restic runs without its cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import objstore
from tools.bench import ingest
from tools.bench.harness import Report, conclude, folder_bytes, in_child, options, workspace


def back_up(place: str, target: str) -> dict[str, object]:
    """A version; what was copied."""
    with objstore.open(place) as store:
        return store.backup(target)._asdict()


def restore(source: str, target: str) -> int:
    """The newest version, restored; its bytes."""
    return objstore.open_backup(source).restore(target).size


def verify(source: str) -> int:
    """A drill; how many objects were compared."""
    done = objstore.open_backup(source).verify()
    assert not done.findings
    return done.objects


def restic(repository: str, *words: str) -> float:
    """One call of restic; seconds."""
    begin = time.perf_counter()
    environment = {**os.environ, "RESTIC_PASSWORD": "bench"}
    command = ["restic", "-q", "--no-cache", "-r", repository, *words]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__)
    with workspace(chosen.folder) as folder:
        report = Report("backup", folder)
        top, place, target = folder / "top", str(folder / "store"), str(folder / "backup")
        repository = str(folder / "restic")
        ingest.lay_out(top, round(ingest.FILES * chosen.scale))
        taken = in_child(ingest.take, place=place, top=str(top))
        there = shutil.which("restic") is not None
        if there:
            restic(repository, "init")
        for name in ("first", "unchanged"):
            os.sync()
            ours = in_child(back_up, place=place, target=target)
            if not there:
                report.figure(name, "wall time", ours.wall, "s")
                continue
            theirs = restic(repository, "backup", str(top))
            ratio = ours.wall / theirs
            report.figure(name, "wall time", ours.wall, "s", peer="restic", ratio=ratio, at_most=0.5)
            if name == "first":
                both = ours.wall + taken.wall
                report.figure(name, "with the snapshot", both, "s", peer="restic", ratio=both / theirs)
                size = folder_bytes(Path(target)) / 1e6
                held = folder_bytes(Path(repository)) / 1e6
                report.figure(name, "size", size, "MB", peer="restic", ratio=size / held)
        back = in_child(restore, source=target, target=str(folder / "back"))
        report.figure("restore", "wall time", back.wall, "s")
        drilled = in_child(verify, source=target)
        report.figure("drill", "wall time", drilled.wall, "s")
        report.figure("drill", "peak memory", drilled.peak / 1e6, "MB")
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
