"""How benchmarks measure: interleaved blocks, medians, children of their own where memory or CPU time matters.

A figure is one JSON line on standard output and one line for people on standard error:
`{"bench", "name", "metric", "value", "unit"}`, with `"peer"` and `"ratio"` where it was measured against another side of the
same run, and `"goal"` and `"met"` where there is a goal. The first line of a run states the machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent


class Report:
    """Collects and prints the figures of one benchmark."""

    def __init__(self, bench: str, folder: Path) -> None:
        """Begin a report and state the machine; `folder` is where the data lies."""
        self.bench = bench
        self.missed: list[str] = []
        print(json.dumps({"bench": bench, "machine": machine(folder)}), flush=True)

    def figure(
        self,
        name: str,
        metric: str,
        value: float,
        unit: str,
        *,
        peer: str = "",
        ratio: float | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Print one figure. A goal is about the ratio where there is one, about the value otherwise."""
        line: dict[str, object] = {"bench": self.bench, "name": name, "metric": metric}
        line |= {"value": rounded(value), "unit": unit}
        if ratio is not None:
            line |= {"peer": peer, "ratio": rounded(ratio)}
        judged = value if ratio is None else ratio
        text = f"{self.bench}: {name}, {metric}: {rounded(value):g} {unit}"
        text += "" if ratio is None else f", {rounded(ratio):g} × {peer}"
        for limit, sign, met in (
            (at_most, "<=", at_most is not None and judged <= at_most),
            (at_least, ">=", at_least is not None and judged >= at_least),
        ):
            if limit is not None:
                line |= {"goal": f"{sign} {limit:g}", "met": met}
                text += f" (goal {sign} {limit:g}: {'met' if met else 'MISSED'})"
                self.missed += [] if met else [f"{name}, {metric}"]
        print(json.dumps(line), flush=True)
        print(text, file=sys.stderr, flush=True)


def rounded(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def machine(folder: Path) -> dict[str, object]:
    """What the figures were measured on."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": platform.platform(terse=True),
        "file_system": file_system(folder),
        "python": platform.python_version(),
    }


def cpu_model() -> str:
    """The processor's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def file_system(folder: Path) -> str:
    """The type of the file system that a folder is on, where Linux tells it."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    mounts = [(line.split()[1], line.split()[2]) for line in lines]
    place = str(folder.resolve())
    fitting = [m for m in mounts if place == m[0] or place.startswith(m[0].rstrip("/") + "/")]
    return max(fitting, key=lambda m: len(m[0]), default=("", "unknown"))[1]


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return percentile(values, 0.5)


def interleave(
    sides: Mapping[str, Callable[[int], object]],
    rounds: int,
    block: int = 10,
    settle: Callable[[], None] = os.sync,
    seed: int = 1,
) -> dict[str, list[float]]:
    """Seconds of every call `side(n)`, n rising from 0, in blocks of `block` calls a side, in a new order every round.

    Drift of the machine meets all sides alike. `settle` runs before each block: one side's dirty pages must not be
    flushed at the expense of the next.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    shuffle = random.Random(seed).shuffle
    clock = time.perf_counter
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            side, seen = sides[name], times[name]
            settle()
            for _ in range(block):
                number = len(seen)
                begin = clock()
                side(number)
                seen.append(clock() - begin)
    return times


def nothing() -> None:
    """For `interleave` where no side writes."""


def folder_bytes(folder: Path) -> int:
    """The sizes of all files below a folder, added up."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())


# Children


class Usage(NamedTuple):
    """What a child returned and what it took."""

    value: Any
    cpu: float  # seconds, user and system, of the function alone
    wall: float  # seconds of the function alone
    peak: int  # bytes of resident memory of the process at its highest


def in_child(function: Callable[..., object], **arguments: object) -> Usage:
    """Run a module-level function in a process of its own; arguments and result are JSON."""
    with start_child(function, **arguments) as process:
        return end_child(process)


def start_child(function: Callable[..., object], **arguments: object) -> subprocess.Popen[str]:
    """Begin `in_child`; for several at once."""
    module = function.__module__
    if module == "__main__":
        spec = sys.modules["__main__"].__spec__
        assert spec is not None
        module = spec.name
    command = [sys.executable, "-m", "tools.bench.harness", f"{module}:{function.__name__}", json.dumps(arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=as_installed())


def as_installed() -> dict[str, str]:
    """The environment of a process that finds its modules compiled, as those of an installed package are.

    Where bytecode is not written, half of what a short process takes is the compiler.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": str(ROOT / ".dev" / "bytecode")}


def end_child(process: subprocess.Popen[str]) -> Usage:
    """Wait for a child. RuntimeError: it failed; its own words are on the terminal."""
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a measured process failed with {process.returncode}: {process.args}")
    return Usage(**json.loads(output.splitlines()[-1]))


def child_main(name: str, arguments: str) -> None:
    """The child's side of `in_child`."""
    module, function = name.split(":")
    work = getattr(importlib.import_module(module), function)
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    value = work(**json.loads(arguments))
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"value": value, "cpu": cpu, "wall": wall, "peak": resident_peak()}))


def resident_peak() -> int:
    """The most memory that was resident in this process, in bytes.

    From the process's own record: `ru_maxrss` begins at the parent's size, since it outlives exec.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


# The command line of a benchmark


def options(description: str | None, parts: Sequence[str] = ()) -> argparse.Namespace:
    """Parse what every benchmark takes: `scale`, `folder`, and `parts` to run (all without a choice)."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the data: 1 is the size that the goals are about"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / ".dev" / "bench", help="where to put data (a real disk)")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal was missed")
    if parts:
        parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}; all of them by default")
    chosen = parser.parse_args()
    unknown = set(getattr(chosen, "parts", [])) - set(parts)
    if unknown:
        parser.error(f"no part {unknown.pop()!r}; there are: {', '.join(parts)}")
    chosen.parts = getattr(chosen, "parts", []) or list(parts)
    return chosen


@contextmanager
def workspace(parent: Path) -> Iterator[Path]:
    """A new folder below `parent`, removed afterwards."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def conclude(report: Report, chosen: argparse.Namespace) -> int:
    """The exit code of a benchmark, with a last word for people."""
    if report.missed:
        print(f"{report.bench}: missed: " + "; ".join(report.missed), file=sys.stderr)
    return int(bool(report.missed) and chosen.check)


if __name__ == "__main__":
    child_main(*sys.argv[1:])
