"""The layers of the house, enforced: who may import whom (ARCHITECTURE.md).

A folder imports only from folders below it; folders on one line are strangers to each other. `refs` knows the standard
library alone. Each third-party library has one importer. `objstore/objects` has no I/O, no clock and no randomness.
Imports inside functions and under TYPE_CHECKING count like any other. The last tests run the checker on sources that
break each rule, so that a checker that sees nothing fails as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the top of the house to its ground. "objstore" is the package's own face, `objstore/__init__.py`.
LINES = (
    {"cli"},
    {"web"},
    {"server", "adapters"},
    {"objstore"},
    {"aio"},
    {"opening"},
    {"store"},
    {"git", "importers"},
    {"conversations"},
    {"files", "settings"},
    {"maintenance"},
    {"index"},
    {"sync", "access"},
    {"signing"},
    {"repository"},
    {"storage"},
    {"packs"},
    {"keys"},
    {"objects"},
    {"refs"},
)
HEIGHT = {layer: height for height, line in enumerate(reversed(LINES)) for layer in line}
FOR_ALL = {"errors", "version"}  # Of objstore; they import refs at most.

IMPORTERS: dict[str, str | tuple[str, ...]] = {
    "anyio": "objstore/server/",
    "blake3": "objstore/objects/hashing.py",
    "claude_agent_sdk": "objstore/adapters/claude",
    "click": "objstore/cli/",
    "dulwich": "objstore/git/",
    "fsspec": "objstore/adapters/fsspec",
    "langchain_core": "objstore/adapters/langgraph/",
    "langgraph": "objstore/adapters/langgraph/",
    "granian": "objstore/server/run.py",
    "httpx2": "objstore/sync/http.py",
    "msgpack": "objstore/objects/codec.py",
    "nacl": "objstore/keys/",
    "ormsgpack": "objstore/adapters/langgraph/",
    "openhands": "objstore/adapters/openhands",
    "pathspec": "objstore/files/ignore.py",
    "pydantic": ("objstore/settings/schema.py", "objstore/server/", "objstore/adapters/openhands/app_server.py"),
    "pyfastcdc": "objstore/objects/chunking.py",
    "rich": "objstore/cli/",
    "starlette": "objstore/server/",
    "yaml": "objstore/settings/text/yaml_text.py",
    "zstandard": "objstore/packs/",
}
IMPURE = {"io", "mmap", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "subprocess", "tempfile"}
IMPURE |= {"time", "uuid"}
LAZY = {"objstore/__init__.py", "objstore/cli/"}  # May import by a computed name, to start fast.


class Import(NamedTuple):
    """One import statement's target, as a dotted module name or one name more; None: computed at run time."""

    target: str | None
    line: int


def imports_of(tree: ast.Module, module: str, is_package: bool) -> Iterator[Import]:
    """Every import in a file, wherever it stands; `from a import b` gives `a.b`, relative ones are resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                kept = parents[: len(parents) - node.level + is_package]
                base = ".".join([*kept, *([base] if base else [])])
            yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and called_name(node) in {"__import__", "import_module"}:
            named = node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
            yield Import(node.args[0].value if named else None, node.lineno)


def called_name(node: ast.Call) -> str:
    """The last name of what a call calls: `import_module` for `importlib.import_module(…)`."""
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def layer_of(path: str) -> str:
    """The layer of a file, or of a dotted target written as a path."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] != "objstore":
        return parts[0]
    return "objstore" if len(parts) == 1 or parts[1] == "__init__" else parts[1]


def module_of(path: str) -> tuple[str, bool]:
    """The dotted name of a file, and whether it is a package's `__init__`."""
    parts = path.removesuffix(".py").split("/")
    return (".".join(parts[:-1]), True) if parts[-1] == "__init__" else (".".join(parts), False)


def faults_in(path: str, source: str, layers: frozenset[str]) -> list[str]:
    """What a file does against the rules, in words. `layers`: the names that exist right under objstore/."""
    tree = ast.parse(source, path)
    own = layer_of(path)
    faults: list[str] = []
    if own not in HEIGHT and own not in FOR_ALL:
        faults.append(f"{path}: no layer is called {own!r}; give it its line in tests/test_layers.py")
    for target, line in imports_of(tree, *module_of(path)):
        fault = fault_of(path, own, target, layers)
        if fault:
            faults.append(f"{path}:{line}: {fault}")
    if own == "objects":
        opened = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        faults += [f"{path}:{n.lineno}: objects/ has no I/O" for n in opened if n.func.id in {"open", "print", "input"}]
    return faults


def fault_of(path: str, own: str, target: str | None, layers: frozenset[str]) -> str | None:
    """What is wrong with one import, or None."""
    if target is None:
        return None if any(path.startswith(p) for p in LAZY) else "imports by a computed name"
    top = target.split(".")[0]
    if top in {"objstore", "refs"}:
        return fault_of_layer(own, target, layers)
    if own == "objects" and top in IMPURE:
        return f"objects/ is pure, it must not import {top}"
    if top in sys.stdlib_module_names:
        return None
    if path.split("/")[-1] == "contract.py" and top == "pytest" and own != "refs":
        return None  # A contract suite runs under pytest, on whoever's machine has it.
    importer = IMPORTERS.get(top)
    if importer is None:
        return f"nobody may import {top}; a new library gets its one importer in tests/test_layers.py"
    return None if path.startswith(importer) else f"only {importer} may import {top}"


def fault_of_layer(own: str, target: str, layers: frozenset[str]) -> str | None:
    """What is wrong with importing one of our own modules, or None."""
    parts = target.split(".")
    other = parts[0]
    if other == "objstore" and len(parts) > 1 and parts[1] in layers:
        other = parts[1]
    if other == own or (other in FOR_ALL and own != "refs"):
        return None
    if own in FOR_ALL:
        return None if other == "refs" else f"{own}.py is for all, it must not import {target}"
    if other not in HEIGHT or own not in HEIGHT:
        return f"{other!r} is in no layer"
    if HEIGHT[own] > HEIGHT[other]:
        return None
    relation = "beside" if HEIGHT[own] == HEIGHT[other] else "above"
    return f"{own} must not import {target}: {other} is {relation} it"


def sources() -> Mapping[str, str]:
    """Every Python file of the two packages, by its path from the top of the repository."""
    files = sorted(file for package in ("objstore", "refs") for file in (ROOT / package).rglob("*.py"))
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def layers_of(paths: Mapping[str, str]) -> frozenset[str]:
    """The names right under objstore/."""
    return frozenset(layer_of(path) for path in paths if path.startswith("objstore/")) - {"objstore"}


def test_every_import_goes_down_the_house() -> None:
    files = sources()
    assert any(path.startswith("refs/") for path in files)
    assert any(path.startswith("objstore/objects/") for path in files)
    faults = [fault for path, source in files.items() for fault in faults_in(path, source, layers_of(files))]
    assert not faults, "\n" + "\n".join(faults)


LAYERS = frozenset(HEIGHT) - {"objstore", "refs"} | FOR_ALL


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("objstore/objects/codec.py", "from objstore.storage import protocol"),
        ("objstore/objects/codec.py", "def f():\n    import objstore.packs.frame"),
        ("objstore/storage/local.py", "if TYPE_CHECKING:\n    from objstore.repository.commits import History"),
        ("objstore/storage/local.py", "from ..repository import commits"),
        ("objstore/storage/__init__.py", "from ..repository import commits"),
        ("objstore/files/snapshot.py", "from objstore.settings.scope import Scope"),
        ("objstore/settings/__init__.py", "import objstore.files"),
        ("objstore/importers/openhands.py", "from objstore.git import export"),
        ("objstore/conversations/conversation.py", "from objstore import store"),
        ("objstore/conversations/conversation.py", "import objstore"),
        ("objstore/store.py", "from objstore import open"),
        ("objstore/store.py", "from objstore.cli.main import main"),
        ("objstore/errors/places.py", "from objstore.objects.kinds import Oid"),
        ("objstore/version.py", "import objstore.store"),
        ("objstore/grabbag/things.py", "import json"),
        ("objstore/storage/local.py", "import objstore.grabbag"),
        ("refs/sqlite/store.py", "from objstore.errors import ObjstoreError"),
        ("refs/sqlite/store.py", "import msgpack"),
        ("refs/contract.py", "import pytest"),
        ("objstore/storage/local.py", "import zstandard"),
        ("objstore/objects/values.py", "import msgpack"),
        ("objstore/objects/events.py", "from blake3 import blake3"),
        ("objstore/files/snapshot.py", "import pathspec"),
        ("objstore/repository/log.py", "import rich.table"),
        ("objstore/server/app.py", "import requests"),
        ("objstore/objects/events.py", "import os"),
        ("objstore/objects/events.py", "from time import time_ns"),
        ("objstore/objects/trees/node.py", "def f():\n    import secrets"),
        ("objstore/objects/events.py", "def f(p):\n    return open(p).read()"),
        ("objstore/storage/local.py", "import importlib\nimportlib.import_module('objstore.store')"),
        ("objstore/storage/local.py", "import importlib\nimportlib.import_module(name)"),
        ("objstore/storage/local.py", "__import__('objstore.cli')"),
    ],
)
def test_an_import_against_the_rules_is_found(path: str, source: str) -> None:
    assert len(faults_in(path, source, LAYERS)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("objstore/objects/codec.py", "import msgpack\nfrom objstore.objects.kinds import Oid\nfrom . import kinds"),
        ("objstore/objects/trees/node.py", "from ..kinds import Oid\nfrom objstore.errors import CorruptObject"),
        ("objstore/storage/local.py", "import os, sqlite3\nfrom refs import sqlite\nfrom objstore.packs import pack"),
        ("objstore/storage/contract.py", "import pytest"),
        ("objstore/conversations/conversation.py", "from objstore import errors\nfrom objstore.files.tree import Tree"),
        ("objstore/__init__.py", "from objstore.store import open\nimport importlib\nimportlib.import_module(name)"),
        ("objstore/cli/main.py", "import click\nimport objstore\nfrom objstore import open, errors"),
        ("objstore/aio.py", "import asyncio\nfrom objstore import store, version"),
        ("objstore/errors/places.py", "from refs.errors import ObjstoreError"),
        ("refs/sqlite/store.py", "import sqlite3\nfrom refs.edits import RefEdit\nfrom refs.chain import link"),
    ],
)
def test_an_import_within_the_rules_is_let_through(path: str, source: str) -> None:
    assert faults_in(path, source, LAYERS) == []
