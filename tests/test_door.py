"""The door of the package: `import objstore` loads next to nothing, and every public name is behind it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import objstore
from objstore import errors

ROOT = Path(__file__).parents[1]


def fresh(program: str) -> str:
    """What a program prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "statement",
    [
        "from objstore import errors",
        "from objstore import aio",
        "from objstore import open, Store",
        "from objstore import UnknownConversation",
        "from objstore import *",
        "import objstore; objstore.aio",
        "import objstore.store",
    ],
)
def test_a_first_import_of_any_name_works(statement: str) -> None:
    fresh(statement)


def test_importing_the_package_loads_no_library_and_little_of_its_own() -> None:
    program = "import sys; before = set(sys.modules); import objstore; print(*(set(sys.modules) - before))"
    loaded = set(fresh(program).split())
    assert {name for name in loaded if name.split(".")[0] not in sys.stdlib_module_names} == {
        "objstore",
        "objstore.version",
    }
    assert not loaded & {"asyncio", "dataclasses", "json", "logging", "pathlib", "sqlite3"}


def test_every_error_is_a_name_of_the_package() -> None:
    for name in errors.__all__:
        assert getattr(objstore, name) is getattr(errors, name)
        assert name in dir(objstore)


@pytest.mark.parametrize("name", ["nothing", "_private", "opn"])
def test_a_name_that_is_not_there_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(objstore, name)
    with pytest.raises(ImportError):
        exec(f"from objstore import {name}")


def test_what_is_opened_is_the_one_store() -> None:
    with objstore.open("memory:") as store:
        assert isinstance(store, objstore.Store)
