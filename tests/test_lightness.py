"""What a short process must not pay for: modules that opening, appending and snapshots leave unloaded.

Each case runs in an interpreter of its own, since this one has loaded everything.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "anyio",
    "asyncio",
    "click",
    "concurrent.futures",
    "dataclasses",
    "difflib",
    "fsspec",
    "granian",
    "html",
    "importlib.resources",
    "inspect",
    "langgraph",
    "logging",
    "nacl.bindings",
    "objstore.access",
    "objstore.adapters",
    "objstore.signing.verify",
    "objstore.aio",
    "objstore.conversations.exporting",
    "objstore.conversations.retention",
    "objstore.files.blame",
    "objstore.importers",
    "objstore.index",
    "objstore.maintenance.backup",
    "objstore.maintenance.fsck",
    "objstore.maintenance.repair",
    "objstore.maintenance.stats",
    "objstore.server",
    "objstore.settings.schema",
    "objstore.settings.text.formats",
    "objstore.sync",
    "pathspec",
    "pydantic",
    "pyfastcdc",
    "random",
    "rich",
    "secrets",
    "starlette",
    "tempfile",
    "tomllib",
    "yaml",
)
"""Modules, each with all that is below it."""

POOL = {"concurrent.futures", "logging"}
"""What a pack needs to compress beside the caller: snapshots load it."""


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The names of `HEAVY` that a fresh interpreter has loaded after running `code`; `sys.argv[1:]` are the arguments."""
    program = f"import sys\n{code}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    return {heavy for heavy in HEAVY if any(name == heavy or name.startswith(f"{heavy}.") for name in names)}


OPEN = "import objstore\nwith objstore.open(sys.argv[1], create=True) as store: "


def test_importing_the_package_loads_none_of_it() -> None:
    assert loaded_by("import objstore") == set()


def test_opening_a_store_in_memory_loads_nothing_heavy() -> None:
    assert loaded_by("import objstore\nobjstore.open('memory:').close()") == set()


def test_opening_a_folder_and_appending_loads_nothing_heavy(tmp_path: Path) -> None:
    code = OPEN + "store.conversations.open('c', create=True).append({'role': 'user'})"
    assert loaded_by(code, str(tmp_path / "store")) == set()


def test_a_snapshot_loads_no_more_than_threads_to_compress(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.txt").write_text("a")
    code = OPEN + "store.files.open('w', create=True).snapshot(sys.argv[2])"
    assert loaded_by(code, str(tmp_path / "store"), str(tmp_path / "work")) <= POOL


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("objstore.index", "store.conversations.search('word')"),
        ("objstore.maintenance.fsck", "store.fsck()"),
        ("objstore.settings.text.formats", "store.settings.open('s', create=True).export_text('json')"),
    ],
)
def test_what_is_used_is_loaded_and_seen_by_these_tests(name: str, use: str, tmp_path: Path) -> None:
    assert name in loaded_by(OPEN + use, str(tmp_path / "store"))
