#!/usr/bin/env python3
"""The one door to every task of a developer: `python3 tools/dev.py COMMAND`. Needs Python 3.11 and nothing else.

    demo                     run `objstore demo`, a tour of what the product does
    test [--all] [ARGS]      the tests; --all adds the slow ones; ARGS go to pytest
    bench [NAME] [ARGS]      a benchmark beside its peers; without a name, the list of them
    lint                     format, lint, types, layers
    fuzz [NAME…] [--runs N]  every fuzz target, or those named, N executions each beyond their corpus
    powerloss [ARGS]         replay power losses on a real file system (root, FUSE, loop devices)
    suites [ARGS]            the adapters against other projects' packages and their own suites
    lock                     resolve pyproject.toml anew into requirements-dev.txt and requirements-suites.txt

The first call makes a virtual environment in .dev/ from requirements-dev.txt (exact versions, with hashes) and installs
the project into it in editable mode. Later calls compare two hashes and start at once. Deleting .dev/ is always safe.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT / ".dev"
VENV = DEV / "venv"
REQUIREMENTS = ROOT / "requirements-dev.txt"
SUITES = ROOT / "requirements-suites.txt"
PROJECT = ROOT / "pyproject.toml"
UV = "uv==0.13.9"  # Only `lock` needs it, so it lives in an environment of its own.
FUZZ_RUNS = 10_000


class Failed(Exception):
    """A task cannot go on; the text says why and what to do."""


# The environment


def tool(name: str, folder: Path = VENV) -> Path:
    """The path of a program of a virtual environment."""
    return folder / ("Scripts" if os.name == "nt" else "bin") / name


def digest(*parts: bytes) -> str:
    """A stamp over some bytes, their borders included."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()


def stamps() -> dict[str, str]:
    """What the environment has to be made from, by name of the stamp that records it.

    "packages" covers the interpreter and the pins; "project" what an editable installation takes from the project.
    """
    interpreter = f"{sys.version} {Path(sys.executable).resolve()} {VENV}".encode()
    packages = digest(interpreter, REQUIREMENTS.read_bytes())
    return {"packages": packages, "project": digest(packages.encode(), PROJECT.read_bytes())}


def is_current(name: str, wanted: str) -> bool:
    """Whether the environment carries this stamp."""
    stamp = VENV / f".{name}"
    return stamp.is_file() and stamp.read_text() == wanted


def prepare() -> None:
    """Make the environment current; costs two hashes where it is. Failed: a step did not succeed."""
    wanted = stamps()
    if all(is_current(name, stamp) for name, stamp in wanted.items()):
        return
    with exclusive():
        if not is_current("packages", wanted["packages"]):
            make_environment(VENV)
            pip("install", "--require-hashes", "-r", str(REQUIREMENTS))
            (VENV / ".packages").write_text(wanted["packages"])
        if not is_current("project", wanted["project"]):
            pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
            # The stamp comes last: an interrupted installation is done again.
            (VENV / ".project").write_text(wanted["project"])


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Let one process at a time change the environment, where the system has file locks."""
    DEV.mkdir(exist_ok=True)
    with open(DEV / "lock", "w") as file:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_environment(folder: Path) -> None:
    """An empty virtual environment with pip, in place of whatever was there."""
    say(f"making {folder.relative_to(ROOT)} (once, and when the pins change)")
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Failed(f"no virtual environment: {error}\nOn Debian and Ubuntu: apt-get install python3-venv") from error


def pip(*arguments: str, folder: Path = VENV) -> None:
    """Run pip of an environment, quietly. Failed: it did not succeed; its own words are on the terminal."""
    command = [str(tool("python", folder)), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    if subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode:
        raise Failed(f"pip {' '.join(arguments[:1])} failed, see above")


def run(*command: str | Path, cwd: Path | None = ROOT) -> int:
    """Run a program of the environment by name, or a command by path; its exit code."""
    program = command[0] if isinstance(command[0], Path) else tool(command[0])
    environment = {**os.environ, "PATH": os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])}
    return subprocess.run([program, *command[1:]], cwd=cwd, env=environment, check=False).returncode


def say(text: str) -> None:
    """A line about what is going on, beside the output proper."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


# The tasks


def demo(arguments: Sequence[str]) -> int:
    """The tour, in the caller's own directory."""
    prepare()
    return run("objstore", "demo", *arguments, cwd=None)


def test(arguments: Sequence[str]) -> int:
    """The tests on two processes; later options override these."""
    prepare()
    chosen = [] if "--all" in arguments else ["-m", "not slow"]
    return run("python", "-m", "pytest", "-n", "2", *chosen, *(a for a in arguments if a != "--all"))


def bench(arguments: Sequence[str]) -> int:
    """One benchmark, or the list of them."""
    names = sorted(p.stem for p in (ROOT / "tools/bench").glob("*.py") if is_bench(p))
    if not arguments:
        print("benchmarks: " + " ".join(names))
        return 0
    if arguments[0] not in names:
        raise Failed(f"no benchmark {arguments[0]!r}. There are: {' '.join(names)}")
    prepare()
    return run("python", "-m", f"tools.bench.{arguments[0]}", *arguments[1:])


def is_bench(path: Path) -> bool:
    """Whether a file of tools/bench is a benchmark rather than a part of one."""
    return "\n    sys.exit(main())\n" in path.read_text(encoding="utf-8")


def lint(arguments: Sequence[str]) -> int:
    """All four checks, each even if one before it failed."""
    if arguments:
        raise Failed("lint takes no arguments")
    prepare()
    checks: list[tuple[str, ...]] = [
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("pyright", "--pythonpath", str(tool("python"))),
        ("python", "-m", "pytest", "tests/test_layers.py"),
    ]
    failed = [" ".join(check[:2]) for check in checks if run(*check)]
    if failed:
        say("lint failed: " + ", ".join(failed))
    return int(bool(failed))


def fuzz(arguments: Sequence[str]) -> int:
    """Fuzz targets, one for each core at a time; what they find new goes to .dev/fuzz, a crashing input too."""
    names, runs = fuzz_arguments(arguments)
    prepare()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = [name for name, code in zip(names, pool.map(fuzz_one, names, repeat(runs)), strict=True) if code]
    for name in failed:
        print((DEV / "fuzz" / f"{name}.log").read_text(errors="replace")[-4000:], file=sys.stderr)
    print(f"fuzz: {len(names)} targets, {runs} executions each, {len(failed)} with a fault {' '.join(failed)}".rstrip())
    return int(bool(failed))


def fuzz_one(name: str, runs: int) -> int:
    """Fuzz one target from its seeds and what was found before; the exit code. Its output goes to a log."""
    found, corpus = DEV / "fuzz" / name, ROOT / "fuzz" / "corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    folders = [str(found), *([str(corpus)] if corpus.is_dir() else [])]
    options = [f"-runs={runs}", "-seed=1", "-max_len=65536", f"-artifact_prefix={found}-"]
    command = [str(tool("python")), "-m", f"fuzz.fuzz_{name}", *options, *folders]
    with open(DEV / "fuzz" / f"{name}.log", "wb") as log:
        code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    say(f"fuzz {name}: {'failed; the input is beside ' + str(found) if code else 'no fault'}")
    return code


def fuzz_arguments(arguments: Sequence[str]) -> tuple[list[str], int]:
    """The targets and the number of executions that the arguments ask for."""
    rest = list(arguments)
    runs = FUZZ_RUNS
    if "--runs" in rest:
        at = rest.index("--runs")
        try:
            runs = int(rest[at + 1])
        except (IndexError, ValueError):
            raise Failed("--runs takes a number") from None
        del rest[at : at + 2]
    targets = sorted(p.stem.removeprefix("fuzz_") for p in (ROOT / "fuzz").glob("fuzz_*.py"))
    unknown = [name for name in rest if name not in targets]
    if unknown or not targets:
        raise Failed(f"no fuzz target {' '.join(unknown)}. There are: {' '.join(targets) or 'none'}")
    return rest or targets, runs


def powerloss(arguments: Sequence[str]) -> int:
    """The power-loss rig; it says itself where it cannot run."""
    prepare()
    return run("python", "-m", "tools.powerloss", *arguments)


def suites(arguments: Sequence[str]) -> int:
    """The suites, in an environment of their own, on a Python that they can use; they say what they leave out."""
    folder = DEV / "suites"
    python = newer_python()
    wanted = digest(f"{python} {folder}".encode(), SUITES.read_bytes())
    stamp = folder / ".packages"
    with exclusive():
        if not stamp.is_file() or stamp.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            say(f"making .dev/suites with {python} (once, and when the pins change)")
            if subprocess.run([python, "-m", "venv", str(folder)], check=False).returncode:
                raise Failed(f"no virtual environment with {python}")
            # The wheel of the Claude SDK carries a program of 170 MB, which nothing here calls.
            bare = ("--no-binary", "claude-agent-sdk")
            pip("install", "--require-hashes", *bare, "-r", str(SUITES), folder=folder)
            stamp.write_text(wanted)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [str(tool("python", folder)), "-m", "tools.suites", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def newer_python() -> str:
    """An interpreter of 3.12 or later (OpenHands' SDK asks for it), or else this one."""
    versions = ("3.13", "3.12")
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    found = [f"python{version}" for version in versions]
    found += [str(path) for version in versions for path in sorted(kept.glob(f"{version}.*/bin/python"))]
    for candidate in found:
        with contextlib.suppress(OSError):
            check = [candidate, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"]
            if subprocess.run(check, capture_output=True, check=False).returncode == 0:
                return candidate
    return sys.executable


def lock(arguments: Sequence[str]) -> int:
    """Resolve what pyproject.toml asks for, for every platform and Python at once; `--upgrade` moves all pins."""
    import tomllib

    folder = DEV / "lock-venv"
    with exclusive():
        if not is_installed(folder):
            make_environment(folder)
            pip("install", UV, folder=folder)
    groups = tomllib.loads(PROJECT.read_text(encoding="utf-8")).get("dependency-groups", {})
    targets = {REQUIREMENTS: [group for group in groups if group != "suites"], SUITES: ["suites"]}
    return max(compile_pins(folder, file, chosen, arguments) for file, chosen in targets.items())


def compile_pins(folder: Path, file: Path, groups: Sequence[str], arguments: Sequence[str]) -> int:
    """Write one file of pins with hashes; the exit code of the resolver."""
    chosen = [part for group in groups for part in ("--group", group)]
    options = ["--universal", "--generate-hashes", "--no-annotate", "--quiet", "--python-version", "3.11"]
    header = ["--custom-compile-command", "python3 tools/dev.py lock"]
    target = ["pyproject.toml", "--output-file", file.name]
    before = pinned(file)
    code = run(tool("uv", folder), "pip", "compile", *options, *header, *chosen, *arguments, *target)
    if gone := before - pinned(file):
        # A pin that nothing asks for goes unseen otherwise, and is missed where the environment is made anew.
        say(f"no longer pinned, since pyproject.toml does not ask for it: {', '.join(sorted(gone))}")
    return code


def pinned(file: Path) -> set[str]:
    """The names that have a pin in a file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {line.partition("==")[0] for line in lines if "==" in line}


def is_installed(folder: Path) -> bool:
    """Whether the environment for locking is there, in the version that is pinned above."""
    return bool(list(folder.glob(f"lib*/**/site-packages/{UV.replace('==', '-')}.dist-info")))


TASKS = {
    "bench": bench,
    "demo": demo,
    "fuzz": fuzz,
    "lint": lint,
    "lock": lock,
    "powerloss": powerloss,
    "suites": suites,
    "test": test,
}


def main(arguments: Sequence[str]) -> int:
    """Run one task; its exit code, or 2 for a task that could not start."""
    if sys.version_info < (3, 11):  # noqa: UP036  (the one file that an older Python may be asked to run)
        print(f"dev: Python 3.11 or newer, please; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in TASKS:
        print(__doc__, file=sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    try:
        return TASKS[arguments[0]](arguments[1:])
    except Failed as failure:
        say(str(failure))
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
