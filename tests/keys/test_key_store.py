"""A key store opens for its members and its passphrase, and for nobody else, whatever is done to its file."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from objstore.errors import (
    DamagedKeyStore,
    DowngradedKeyStore,
    InvalidValue,
    KeyNeeded,
    MissingKeyStore,
    NotAMember,
    ObjstoreError,
    WrongPassphrase,
)
from objstore.keys.identity import Identity, public_text
from objstore.keys.key_store import KeyStore
from objstore.keys.key_store_file import Member, decode_key_store, encode_key_store
from objstore.keys.passphrase import Cost
from objstore.keys.store_keys import StoreKeys
from objstore.objects.kinds import Domain, Kind

DOMAIN = Domain(b"d" * 16)
CHEAP = Cost(1, 8)
ADA, BOB, EVE = (Identity(bytes([number]) * 32) for number in (1, 2, 3))


def store_at(path: Path) -> KeyStore:
    return KeyStore(path / "keystore", os.urandom, floor=CHEAP)


def same(a: StoreKeys, b: StoreKeys) -> bool:
    def of(keys: StoreKeys) -> tuple[object, ...]:
        return keys.hasher().oid(Kind.BLOB, b"x"), keys.hasher().cut(0, b"x"), keys.by_epoch

    return of(a) == of(b)


def test_each_member_and_the_passphrase_open_the_same_keys(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, passphrase="geheim", member=ADA, name="ada", cost=CHEAP)
    store.add_member(made, BOB.public, "bob")
    assert (tmp_path / "keystore").stat().st_mode & 0o777 == 0o600
    assert same(made, store.open("geheim"))
    assert same(made, store.open(ADA))
    assert same(made, store.open(BOB))
    assert {each.name for each in store.members()} == {"ada", "bob"}


def test_a_wrong_passphrase_a_stranger_and_nothing_at_all_are_told_apart(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.make(DOMAIN, passphrase="geheim", cost=CHEAP)
    with pytest.raises(WrongPassphrase):
        store.open("Geheim")
    with pytest.raises(NotAMember):
        store.open(EVE)
    with pytest.raises(KeyNeeded):
        store.open(None)
    with pytest.raises(InvalidValue):
        store.open("")
    with pytest.raises(MissingKeyStore):
        store_at(tmp_path / "elsewhere").open("geheim")
    with pytest.raises(FileExistsError):
        store.make(DOMAIN, passphrase="other", cost=CHEAP)


def test_the_same_passphrase_opens_however_a_keyboard_composes_it(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.make(DOMAIN, passphrase="Schlu\u0308ssel", cost=CHEAP)
    store.open("Schl\u00fcssel")


def test_a_file_that_asks_for_less_work_than_the_floor_is_refused(tmp_path: Path) -> None:
    store_at(tmp_path).make(DOMAIN, passphrase="geheim", member=ADA, cost=CHEAP)
    store = KeyStore(tmp_path / "keystore", os.urandom)
    with pytest.raises(DowngradedKeyStore) as caught:
        store.open("geheim")
    assert "1 passes over 8 KiB" in str(caught.value)
    store.open(ADA)  # an identity has no cost that could be lowered


def test_a_file_whose_cost_was_lowered_does_not_open_by_its_passphrase(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.make(DOMAIN, passphrase="geheim", cost=Cost(2, 8))
    held = decode_key_store(store.path.read_bytes())
    assert held.passphrase is not None
    store.path.write_bytes(encode_key_store(held._replace(passphrase=held.passphrase._replace(cost=CHEAP))))
    with pytest.raises(WrongPassphrase):
        store.open("geheim")


def test_a_cut_or_altered_file_is_damaged_or_does_not_open_but_never_gives_other_keys(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, member=ADA)
    data = store.path.read_bytes()
    for end in range(len(data)):
        store.path.write_bytes(data[:end])
        with pytest.raises(DamagedKeyStore):
            store.open(ADA)
    for at in range(len(data)):
        store.path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(DamagedKeyStore):
            store.open(ADA)
    store.path.write_bytes(data)
    assert same(made, store.open(ADA))


def test_who_can_write_the_file_but_not_open_it_cannot_make_herself_a_member(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.make(DOMAIN, member=ADA)
    held = decode_key_store(store.path.read_bytes())
    slipped_in = (*held.members, Member(EVE.public, bytes(80), "eve"))
    store.path.write_bytes(encode_key_store(held._replace(members=tuple(sorted(slipped_in)))))
    with pytest.raises(DamagedKeyStore, match="without its keys"):
        store.open(ADA)


def test_the_lines_of_two_stores_do_not_mix(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    store.make(DOMAIN, member=ADA)
    one = decode_key_store(store.path.read_bytes())
    store.path.unlink()
    store.make(Domain(b"e" * 16), member=ADA)
    two = decode_key_store(store.path.read_bytes())
    for mixed in (two._replace(ids=one.ids), two._replace(keys=one.keys), two._replace(domain=one.domain)):
        store.path.write_bytes(encode_key_store(mixed))
        with pytest.raises(DamagedKeyStore):
            store.open(ADA)


def test_a_new_passphrase_opens_and_the_old_one_does_not(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, passphrase="old", cost=CHEAP)
    changed = store.set_passphrase(made, "new", CHEAP)
    assert same(made, store.open("new"))
    with pytest.raises(WrongPassphrase):
        store.open("old")
    store.add_member(changed, BOB.public, "bob")
    with pytest.raises(NotAMember):  # these keys were opened by the passphrase that is gone
        store.add_member(made, EVE.public, "eve")


def test_a_removed_member_opens_no_more_and_never_had_the_key_of_what_is_new(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, passphrase="geheim", member=ADA, name="ada", cost=CHEAP)
    store.add_member(made, BOB.public, "bob")
    kept = store.open(BOB)
    renewed = store.remove_member(made, "bob")
    with pytest.raises(NotAMember):
        store.open(BOB)
    assert renewed.newest.name.epoch == 2
    assert renewed.newest.root not in {key.root for key in kept.by_epoch.values()}
    assert renewed.root != kept.root
    for secret in ("geheim", ADA):  # those who stay were given the new root, the passphrase without being asked for
        assert same(renewed, store.open(secret))
    assert renewed.by_epoch[1] == made.by_epoch[1]  # what is old still opens
    assert renewed.hasher() == made.hasher()


def test_nobody_is_locked_out_by_removing_the_last_one(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, member=ADA, name="ada")
    with pytest.raises(NotAMember):
        store.remove_member(made, "ada")
    with pytest.raises(NotAMember):
        store.remove_member(made, public_text(EVE.public))
    store.open(ADA)


def test_a_copy_is_put_back_where_the_file_is_gone_and_nowhere_else(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, member=ADA)
    copy = store.copy()
    with pytest.raises(FileExistsError):
        store.put_back(copy, DOMAIN)
    store.path.unlink()
    with pytest.raises(DamagedKeyStore, match="another store"):
        store.put_back(copy, Domain(b"e" * 16))
    store.put_back(copy, DOMAIN)
    assert same(made, store.open(ADA))


def test_names_that_would_break_the_file_are_refused_and_change_nothing(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, member=ADA)
    before = store.path.read_bytes()
    for name in ("", " x", "a\nb", "x" * 101, "\x1b"):
        with pytest.raises(InvalidValue):
            store.add_member(made, BOB.public, name)
    assert store.path.read_bytes() == before


def test_no_error_and_no_repr_shows_any_of_the_keys(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    made = store.make(DOMAIN, passphrase="canary-passphrase", member=ADA, cost=CHEAP)
    secrets = [made.root, ADA.secret, made.newest.root]
    shown = [repr(made), repr(ADA), repr(made.newest), repr(made.hasher())]
    data = store.path.read_bytes()
    choose = random.Random(20261124)
    for _ in range(200):
        at = choose.randrange(len(data))
        store.path.write_bytes(data[:at] + bytes([choose.randrange(256)]) + data[at + 1 :])
        try:
            store.open("canary-passphrase")
        except ObjstoreError as error:
            shown.append(f"{error} {error!r} {error.args}")
    for text in shown:
        assert "canary" not in text
        assert not any(secret.hex() in text or repr(secret)[2:-1] in text for secret in secrets)
