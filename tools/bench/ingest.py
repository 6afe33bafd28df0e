"""Taking in a directory of 30,000 files: a snapshot, beside `git add` and `git commit`, and `tar | zstd -3`.

The files are the standard library and the installed packages of the running Python, copied until there are enough, each
copy with small edits. Then the directory is taken once more, unchanged, and with 100 files changed; and it is written
out again, beside `git checkout`. Each run is in a child process; git's and tar's time is that of their own children.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import objstore
from tools.bench import peers
from tools.bench.harness import Report, Usage, conclude, folder_bytes, in_child, options, workspace

FILES = 30_000
CHANGED = 100
GOALS: dict[str, tuple[float | None, float | None, float | None]] = {
    "git": (0.5, None, None),
    "tar | zstd -3": (None, 1.6, 1.06),
}
"""For each peer the most that a snapshot may take of its wall time, of its CPU time, and of its size."""


def lay_out(target: Path, files: int) -> int:
    """Fill a folder with at least that many files, real ones; how many there are."""
    random.seed(1)
    sources = [Path(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib")]
    count = copy = 0
    while count < files:
        for source in sources:
            for place, folders, names in os.walk(source):
                folders[:] = [name for name in folders if name not in ("__pycache__", "site-packages", ".git")]
                into = target / f"{source.name}-{copy}" / Path(place).relative_to(source)
                for name in names:
                    if count < files and (Path(place) / name).is_file():
                        into.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(Path(place) / name, into / name)
                        if copy and random.random() < 0.3:
                            change(into / name)
                        count += 1
        copy += 1
    return count


def change(file: Path) -> None:
    """Insert a few bytes somewhere."""
    data = file.read_bytes()
    at = random.randrange(len(data) + 1)
    file.write_bytes(data[:at] + f"# {random.random()}\n".encode() + data[at:])


def change_some(top: Path) -> None:
    """Change a hundred files, spread evenly."""
    files = sorted(file for file in top.rglob("*") if file.is_file())
    for file in files[:: max(1, len(files) // CHANGED)][:CHANGED]:
        change(file)


def take(place: str, top: str) -> dict[str, object]:
    """A snapshot into a store; what it found."""
    with objstore.open(place, create=True) as store:
        taken = store.files.open("bench", create=True).snapshot(top)
    return {"entries": taken.entries, "changed": taken.changed + taken.added, "problems": len(taken.problems)}


def put(place: str, top: str) -> int:
    """A checkout; how many files were written."""
    with objstore.open(place) as store:
        return store.files.open("bench").checkout(top).written


def outside(function: Callable[[], object]) -> float:
    """CPU seconds of the processes that a function starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    function()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def git_take(place: str, top: str) -> float:
    """`git add -A` and `git commit`; CPU seconds."""

    def work() -> None:
        if not Path(place).exists():
            peers.git(Path(top), f"--git-dir={place}", "init", "-q")
        peers.git(Path(top), f"--git-dir={place}", f"--work-tree={top}", "add", "-A", "--force")
        peers.git(Path(top), f"--git-dir={place}", f"--work-tree={top}", "commit", "-q", "--allow-empty", "-m", "x")

    return outside(work)


def git_put(place: str, top: str) -> float:
    """`git checkout` into an empty folder; CPU seconds."""
    Path(top).mkdir()
    with_index = ["checkout-index", "--all", f"--prefix={top}/"]
    return outside(lambda: peers.git(Path(top), f"--git-dir={place}", f"--work-tree={top}", *with_index))


def tar_take(place: str, top: str) -> float:
    """`tar` into zstd -3; CPU seconds of tar, and of compression in this process."""
    import zstandard

    def work() -> None:
        with (
            open(place, "wb") as archive,
            subprocess.Popen(["tar", "-c", "-C", top, "."], stdout=subprocess.PIPE) as tar,
        ):
            assert tar.stdout is not None
            zstandard.ZstdCompressor(level=3).copy_stream(tar.stdout, archive)

    before = time.process_time()
    return outside(work) + time.process_time() - before


def main() -> int:
    """Run it."""
    chosen = options(__doc__)
    with workspace(chosen.folder) as folder:
        report = Report("ingest", folder)
        top = folder / "top"
        entries = lay_out(top, round(FILES * chosen.scale))
        report.figure("directory", "files", entries, "files")
        report.figure("directory", "size", folder_bytes(top) / 1e6, "MB")
        os.sync()
        arguments = {"top": str(top)}
        ours, git, tar = (str(folder / name) for name in ("store", "repo.git", "tree.tar.zst"))
        theirs = {"git": (git_take, git), "tar | zstd -3": (tar_take, tar)}
        first = in_child(take, place=ours, **arguments)
        report.figure("snapshot", "CPU time", first.cpu, "s")
        report.figure("snapshot", "peak memory", first.peak / 1e6, "MB", at_most=200)
        for name, (run, place) in theirs.items():
            used = in_child(run, place=place, **arguments)
            wall, cpu, size_ratio = GOALS[name]
            ratio = first.wall / used.wall
            report.figure("snapshot", "wall time", first.wall, "s", peer=name, ratio=ratio, at_most=wall)
            ratio = first.cpu / float(used.value)
            report.figure("snapshot", "CPU beside", first.cpu, "s", peer=name, ratio=ratio, at_most=cpu)
            size = folder_bytes(Path(place)) if Path(place).is_dir() else Path(place).stat().st_size
            held = folder_bytes(Path(ours))
            ratio = held / size
            report.figure("snapshot", "size", held / 1e6, "MB", peer=name, ratio=ratio, at_most=size_ratio)
        time.sleep(2.5)
        in_child(take, place=ours, **arguments)  # What was just laid out is looked at once more, as git does.
        for name in ("unchanged", "100 files changed"):
            if name != "unchanged":
                change_some(top)
            again = in_child(take, place=ours, **arguments)
            beside = in_child(git_take, place=git, **arguments)
            report.figure(name, "CPU time", again.cpu, "s")
            ratio = again.wall / beside.wall
            report.figure(name, "wall time", again.wall, "s", peer="git", ratio=ratio, at_most=2.5)
        outcome(report, folder, ours, git)
        return conclude(report, chosen)


def outcome(report: Report, folder: Path, ours: str, git: str) -> None:
    """Writing everything out again."""
    written: Usage = in_child(put, place=ours, top=str(folder / "out"))
    beside = in_child(git_put, place=git, top=str(folder / "git-out"))
    report.figure("checkout", "files", written.value, "files")
    report.figure("checkout", "wall time", written.wall, "s", peer="git", ratio=written.wall / beside.wall, at_most=1.6)
    report.figure("checkout", "peak memory", written.peak / 1e6, "MB")


if __name__ == "__main__":
    sys.exit(main())
