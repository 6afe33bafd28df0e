from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from objstore.errors import DamagedKey, MissingKey, UnsafeKeyFolder
from objstore.keys.domain_key import DomainKey
from objstore.keys.key_file import KeyFile
from objstore.keys.key_folder import KeyFolder, default_folder
from objstore.objects.kinds import Domain

DOMAIN = Domain(b"d" * 16)
FIRST = KeyFile(DomainKey(DOMAIN, 1, b"1" * 32), "/store")
SECOND = KeyFile(DomainKey(DOMAIN, 10, b"2" * 32), "/store")
FOREIGN = KeyFile(DomainKey(Domain(b"e" * 16), 2, b"3" * 32), "/other")


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    made = KeyFolder(tmp_path / "config" / "keys")
    for held in (SECOND, FIRST, FOREIGN):
        made.add(held)
    return made


def test_keys_are_found_by_domain_and_in_the_order_of_epochs(folder: KeyFolder) -> None:
    assert folder.names(DOMAIN) == [FIRST.key.name, SECOND.key.name]
    assert len(folder.names()) == 3
    assert folder.read(SECOND.key.name) == SECOND
    folder.add(SECOND)
    assert sorted(os.listdir(folder.path)) == sorted(f"{held.key.name}.key" for held in (FIRST, SECOND, FOREIGN))


def test_the_folder_and_its_files_are_the_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "a" / "b")
    before = os.umask(0)
    try:
        folder.add(FIRST)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.file(FIRST.key.name).stat().st_mode) == 0o600


def test_there_need_be_no_folder(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "none")
    assert folder.names() == []
    with pytest.raises(MissingKey, match="objstore keys recover"):
        folder.read(FIRST.key.name)
    assert not folder.path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_key_file_that_others_can_use_is_refused(folder: KeyFolder, mode: int) -> None:
    path = folder.file(FIRST.key.name)
    path.chmod(mode)
    with pytest.raises(UnsafeKeyFolder, match=f"mode {mode:03o}.*chmod 600"):
        folder.read(FIRST.key.name)
    path.chmod(0o400)
    assert folder.read(FIRST.key.name) == FIRST


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777, 0o701])
def test_a_folder_that_others_can_use_is_refused_for_everything(folder: KeyFolder, mode: int) -> None:
    folder.path.chmod(mode)
    for use in (folder.names, lambda: folder.read(FIRST.key.name), lambda: folder.add(FIRST)):
        with pytest.raises(UnsafeKeyFolder, match="chmod 700"):
            use()
    folder.path.chmod(0o700)
    folder.names()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_somebody_else_is_refused(folder: KeyFolder) -> None:
    os.chown(folder.file(FIRST.key.name), 12345, 12345)
    with pytest.raises(UnsafeKeyFolder, match="belongs to user 12345"):
        folder.read(FIRST.key.name)


def test_a_link_or_a_folder_in_the_place_of_a_key_is_refused(folder: KeyFolder, tmp_path: Path) -> None:
    path = folder.file(FIRST.key.name)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafeKeyFolder, match="symbolic link"):
        folder.read(FIRST.key.name)
    path.unlink()
    path.mkdir(mode=0o700)
    with pytest.raises(UnsafeKeyFolder, match="no file"):
        folder.read(FIRST.key.name)
    with pytest.raises(UnsafeKeyFolder, match="no folder"):
        KeyFolder(tmp_path / "elsewhere").names()


def test_a_key_file_cut_short_or_with_another_key_is_damaged(folder: KeyFolder) -> None:
    path = folder.file(FIRST.key.name)
    whole = path.read_bytes()
    for end in (0, 1, 50, len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(DamagedKey) as caught:
            folder.read(FIRST.key.name)
        assert caught.value.path == str(path)
    path.write_bytes(folder.file(SECOND.key.name).read_bytes())
    with pytest.raises(DamagedKey, match="it holds key"):
        folder.read(FIRST.key.name)


def test_a_key_that_is_there_is_never_overwritten(folder: KeyFolder) -> None:
    path = folder.file(FIRST.key.name)
    path.write_bytes(b"damaged, but perhaps all that is left")
    folder.add(FIRST)
    assert path.read_bytes() == b"damaged, but perhaps all that is left"


def test_a_destroyed_key_is_gone_from_its_file_and_told_to_be_destroyed(folder: KeyFolder) -> None:
    path = folder.file(FIRST.key.name)
    with path.open("rb") as held_open:
        folder.destroy(FIRST.key.name, "2026-11-24")
        assert set(held_open.read()) == {0}
    with pytest.raises(MissingKey, match="destroyed on purpose"):
        folder.read(FIRST.key.name)
    assert folder.mark(FIRST.key.name, "destroyed") == "2026-11-24"
    assert folder.names(DOMAIN) == [SECOND.key.name]


def test_marks_are_kept_beside_the_key(folder: KeyFolder) -> None:
    assert folder.mark(FIRST.key.name, "shown") is None
    for when in ("2026-11-24", "2026-11-25"):
        folder.set_mark(FIRST.key.name, "shown", when)
        assert folder.mark(FIRST.key.name, "shown") == when
    assert folder.mark(SECOND.key.name, "shown") is None


def test_where_keys_are_follows_from_the_environment() -> None:
    home = {"HOME": "/home/ada"}
    assert default_folder(home) == Path("/home/ada/.config/objstore/keys")
    assert default_folder(home | {"XDG_CONFIG_HOME": "/etc/ada"}) == Path("/etc/ada/objstore/keys")
    assert default_folder(home | {"XDG_CONFIG_HOME": "relative"}) == Path("/home/ada/.config/objstore/keys")
    assert default_folder(home | {"XDG_CONFIG_HOME": "/x", "OBJSTORE_KEYS": "/mine"}) == Path("/mine")
    assert default_folder(home | {"OBJSTORE_KEYS": "mine"}) == Path.cwd() / "mine"


def test_a_relative_folder_is_not_made_in_whatever_the_working_directory_is() -> None:
    with pytest.raises(UnsafeKeyFolder, match="OBJSTORE_KEYS"):
        KeyFolder(Path("~/.config/objstore/keys-of-nobody")).add(FIRST)
