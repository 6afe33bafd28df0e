from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path

import pytest

from objstore.errors import MissingKey
from objstore.keys.domain_key import DomainKey
from objstore.keys.key_folder import KeyFolder
from objstore.keys.source import FolderKeys, KeySource, KeyWarning, MemoryKeys
from objstore.objects.kinds import Domain

DOMAIN = Domain(b"d" * 16)
FOREIGN = DomainKey(Domain(b"e" * 16), 9, b"f" * 32)

pytestmark = pytest.mark.filterwarnings("ignore::objstore.keys.source.KeyWarning")


def folder_keys(path: Path, domain: Domain = DOMAIN) -> FolderKeys:
    return FolderKeys(KeyFolder(path / "keys"), lambda: domain, "/a/store", os.urandom)


@pytest.fixture(params=["memory", "folder"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> KeySource:
    return MemoryKeys(os.urandom) if request.param == "memory" else folder_keys(tmp_path)


def test_a_key_is_made_when_one_is_needed_and_stays(keys: KeySource) -> None:
    assert keys.held() == []
    first = keys.current()
    assert first.name.epoch == 1
    assert keys.current() == first == keys.find(first.name)
    assert [each.name for each in keys.held()] == [first.name]


def test_a_renewed_key_seals_and_the_old_one_still_opens(keys: KeySource) -> None:
    first = keys.current()
    second = keys.renew()
    assert (second.name.epoch, second.name.domain) == (2, first.name.domain)
    assert keys.current() == second
    assert keys.find(first.name) == first


def test_a_key_of_another_domain_opens_and_never_seals(keys: KeySource) -> None:
    keys.keep(FOREIGN)
    assert keys.find(FOREIGN.name).root == FOREIGN.root
    assert keys.current().name.domain != FOREIGN.name.domain
    assert FOREIGN.name not in [each.name for each in keys.held()]


def test_a_destroyed_key_is_told_from_a_missing_one(keys: KeySource) -> None:
    first = keys.current()
    keys.renew()
    keys.destroy(first.name, "today")
    with pytest.raises(MissingKey) as destroyed:
        keys.find(first.name)
    with pytest.raises(MissingKey) as missing:
        keys.find(FOREIGN.name)
    assert (destroyed.value.destroyed, missing.value.destroyed) == (True, False)


def test_that_a_code_was_shown_is_kept(keys: KeySource) -> None:
    name = keys.current().name
    assert keys.held()[0].shown is None
    keys.note_shown(name, "today")
    assert keys.held()[0].shown == "today"


def test_a_key_that_another_process_renewed_seals_here_too(tmp_path: Path) -> None:
    mine, other = folder_keys(tmp_path), folder_keys(tmp_path)
    assert mine.current() == other.current()
    assert mine.current() == other.current() != other.renew()
    assert mine.current() == other.current()
    assert mine.current().name.epoch == 2


def test_making_a_first_key_warns_of_its_file_once(tmp_path: Path) -> None:
    keys = folder_keys(tmp_path)
    with pytest.warns(KeyWarning, match="objstore keys recovery") as caught:
        first = keys.current()
    assert str(first.name) in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert keys.current() == folder_keys(tmp_path).current() == first


def test_many_that_need_a_first_key_at_once_agree_on_one(tmp_path: Path) -> None:
    found: list[DomainKey] = []
    start = threading.Barrier(8)

    def work() -> None:
        keys = folder_keys(tmp_path)
        start.wait()
        keys.current()
        start.wait()
        found.append(keys.current())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_two_machines_that_each_made_a_first_key_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    here, there = folder_keys(tmp_path / "here"), folder_keys(tmp_path / "there")
    one, other = here.current(), there.current()
    assert (one.name.epoch, one.name.domain) == (other.name.epoch, other.name.domain)
    here.keep(other)
    assert here.find(one.name).root == one.root
    assert here.find(other.name).root == other.root
