"""What people install: the wheel holds exactly the two packages, whole, and works on its own."""

from __future__ import annotations

import configparser
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built with what is installed: no network, no isolation."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


def names(wheel: Path) -> set[str]:
    """The paths in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_two_packages_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in names(wheel)}
    (information,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {"objstore", "refs", information}
    assert information.startswith("objstore_vcs-")


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    files = (f for package in ("objstore", "refs") for f in (ROOT / package).rglob("*") if f.is_file())
    ours = {f.relative_to(ROOT).as_posix() for f in files if "__pycache__" not in f.parts}
    assert ours <= names(wheel)


def test_the_wheel_brings_types_samples_and_the_dictionary(wheel: Path) -> None:
    held = names(wheel)
    assert {"objstore/py.typed", "refs/py.typed", "objstore/packs/events.dict"} <= held
    assert any(name.startswith("objstore/importers/samples/") and name.endswith(".traj") for name in held)
    assert "objstore/importers/samples/LICENSE" in held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_the_wheel_registers_its_command_and_the_file_system_of_its_urls(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (file,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        registered = configparser.ConfigParser()
        registered.read_string(archive.read(file).decode())
    assert registered["console_scripts"]["objstore"] == "objstore.cli.main:main"
    assert registered["fsspec.specs"]["objstore"] == "objstore.adapters.fsspec:ObjstoreFileSystem"


def test_no_file_of_the_wheel_is_compiled_or_a_test(wheel: Path) -> None:
    assert not [name for name in names(wheel) if name.endswith((".pyc", ".so")) or "/tests/" in name]


def test_the_unpacked_wheel_keeps_a_conversation(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    program = (
        "import sys; sys.path.insert(0, 'installed'); import objstore; print(objstore.__file__)\n"
        "with objstore.open('store', create=True) as s:\n"
        "    s.conversations.open('c', create=True).append({'role': 'user', 'content': 'hi'})\n"
        "with objstore.open('store') as s: print(list(s.conversations.open('c')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    place, events = done.stdout.splitlines()
    assert Path(tmp_path / place).resolve().is_relative_to(tmp_path / "installed")
    assert events == "[{'role': 'user', 'content': 'hi'}]"


def test_the_wheel_in_an_environment_of_its_own_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if sys.platform == "win32" else "bin")
    pins = tmp_path / "pins.txt"  # The versions that we test with, and none of what only developers need.
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    pins.write_text("".join(line.rstrip(" \\") + "\n" for line in lines if "==" in line), encoding="utf-8")
    install = [programs / "python", "-m", "pip", "install", "-q", "--only-binary", ":all:", "-c", pins, wheel]
    done = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n(this test needs a package registry)"
    shown = subprocess.run([programs / "objstore", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "All of it was checked." in shown.stdout, shown.stdout
