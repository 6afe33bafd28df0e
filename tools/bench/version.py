"""How long the command line takes to start: `objstore --version` as a process, beside git and an empty Python."""

from __future__ import annotations

import os
import subprocess
import sys

from tools.bench.harness import ROOT, Report, as_installed, conclude, interleave, median, nothing, options, workspace


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__)
    with workspace(chosen.folder) as folder:
        report = Report("version", folder)
        commands = {
            "objstore --version": [os.path.join(os.path.dirname(sys.executable), "objstore"), "--version"],
            "import objstore": [sys.executable, "-c", "import objstore"],
            "from objstore import open": [sys.executable, "-c", "from objstore import open"],
            "python": [sys.executable, "-c", "pass"],
            "git --version": ["git", "--version"],
        }
        runs = {
            name: lambda _, command=command: subprocess.run(
                command, cwd=ROOT, check=True, capture_output=True, env=as_installed()
            )
            for name, command in commands.items()
        }
        for run in runs.values():  # compiles
            run(0)
        times = interleave(runs, rounds=max(3, round(15 * chosen.scale)), block=1, settle=nothing)
    for name, seconds in times.items():
        goal = 150.0 if "objstore" in name else None
        report.figure(name, "wall p50", median(seconds) * 1e3, "ms", at_most=goal)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
