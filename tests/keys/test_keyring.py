"""Who signs and who is trusted, what is remembered of a store: the files of it, and many processes at once."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject, DamagedKey, InvalidValue
from objstore.keys.keyring import OWN, TRUSTED, Keyring, Signer
from objstore.keys.private_folder import PrivateFolder
from objstore.keys.remembered import Memory, Remembered, decode_remembered, encode_remembered
from objstore.keys.signature import SigningKey
from objstore.keys.signing_file import (
    decode_signing_file,
    decode_trusted,
    encode_signing_file,
    encode_trusted,
    key_text,
    parse_key,
)
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "golden/signatures.json").read_text(encoding="utf-8")
)
KEY = SigningKey(bytes.fromhex(GOLDEN["seed"]))
STORE = bytes(range(16))


@pytest.fixture
def folder(tmp_path: Path) -> PrivateFolder:
    return PrivateFolder(tmp_path / "keys")


def test_the_files_have_the_golden_bytes() -> None:
    assert encode_signing_file(KEY).decode() == GOLDEN["signing_file"]
    assert decode_signing_file(GOLDEN["signing_file"].encode()).seed == KEY.seed
    trusted = decode_trusted(GOLDEN["trusted"].encode())
    assert sorted(trusted.values()) == ["Ada Ünal", "bob"]
    assert encode_trusted(trusted).decode() == GOLDEN["trusted"]
    seen = decode_remembered(GOLDEN["remembered"].encode())
    assert seen == Remembered(STORE, '/home/ada/ü "x"', 2, 9, bytes.fromhex(GOLDEN["digest"]))
    assert encode_remembered(seen).decode() == GOLDEN["remembered"]


@settings(deadline=None, max_examples=60)
@given(mutations())
def test_damaged_files_are_canonical_or_refused_and_show_no_key(changes: list[Mutation]) -> None:
    codecs: list[tuple[str, Any, Any]] = [
        ("signing_file", decode_signing_file, encode_signing_file),
        ("trusted", decode_trusted, encode_trusted),
        ("remembered", decode_remembered, encode_remembered),
    ]
    for name, decode, encode in codecs:
        data = mutate(GOLDEN[name].encode(), changes)
        if not is_canonical_or_corrupt(data, decode, encode):
            with pytest.raises(CorruptObject) as caught:
                decode(data)
            assert GOLDEN["seed"][:8] not in str(caught.value)


@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=120), max_size=4))
def test_a_list_of_trusted_keys_comes_back_or_its_names_are_refused(names: dict[bytes, str]) -> None:
    try:
        data = encode_trusted(names)
    except InvalidValue:
        return
    assert decode_trusted(data) == names


def test_a_key_is_written_for_people_and_read_back() -> None:
    assert parse_key(f" {key_text(KEY.public)}\n") == KEY.public
    for text in "", "ed25519-", KEY.public.hex(), key_text(KEY.public)[:-1], key_text(KEY.public).upper():
        with pytest.raises(InvalidValue, match="keys signers"):
            parse_key(text)


def test_the_own_key_is_made_once_whoever_comes_first(folder: PrivateFolder) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: Keyring(folder, os.urandom).own().public, range(32)))
    assert len(found) == 1
    assert Keyring(folder, os.urandom).trusted() == [Signer(found.pop(), "you")]
    assert os.listdir(folder.path) == [OWN]


def test_keys_that_several_list_at_once_are_all_listed(folder: PrivateFolder) -> None:
    keys = [SigningKey(bytes([n]) * 32).public for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: Keyring(folder, os.urandom).trust(key, "one of many"), keys))
    assert {signer.public for signer in Keyring(folder, os.urandom).trusted()} == set(keys)


def test_a_damaged_key_is_said_to_be_so_and_never_replaced(folder: PrivateFolder) -> None:
    Keyring(folder, os.urandom).own()
    for name in OWN, TRUSTED:
        folder.replace(name, b"objstore signing key\ncut")
        with pytest.raises(DamagedKey):
            Keyring(folder, os.urandom).trusted()
        folder.replace(name, b"" if name == TRUSTED else encode_signing_file(KEY))
    folder.replace(OWN, b"")
    with pytest.raises(DamagedKey):
        Keyring(folder, os.urandom).own()
    assert folder.read(OWN) == b""


def test_what_is_remembered_only_grows_whatever_the_order_of_those_who_close(folder: PrivateFolder) -> None:
    memory = Memory(folder, STORE, "/a/store")
    assert memory.recall() is None
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Memory(folder, STORE, "/a/store").keep(0, n, bytes([n]) * 32), range(1, 60)))
    assert memory.recall() == Remembered(STORE, "/a/store", 0, 59, bytes([59]) * 32)
    memory.keep(1, 1, bytes(32))  # another epoch is later, whatever its number
    memory.keep(0, 60, bytes(32))
    found = memory.recall()
    assert found is not None
    assert found.at == (1, 1)
    assert Memory(folder, STORE, "/another/place").recall() is None


def test_what_is_remembered_of_one_place_does_not_pass_for_another(folder: PrivateFolder) -> None:
    here, there = Memory(folder, STORE, "/here"), Memory(folder, STORE, "/there")
    here.keep(0, 1, bytes(32))
    (mine,) = os.listdir(folder.path)
    there.keep(0, 2, bytes(32))
    (theirs,) = set(os.listdir(folder.path)) - {mine}
    folder.replace(mine, folder.read(theirs))
    with pytest.raises(DamagedKey, match="another store"):
        here.recall()
    here.keep(0, 1, bytes(32))  # damage does not stay for ever
    assert here.recall() is not None
