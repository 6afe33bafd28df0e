from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject, InvalidValue
from objstore.keys.identity import Identity, decode_identity, encode_identity, parse_public, public_text
from objstore.keys.key_store_file import (
    KeyStoreFile,
    Member,
    PassphraseSlot,
    Wrap,
    decode_key_store,
    encode_key_store,
)
from objstore.keys.passphrase import MAX_KIB, MAX_PASSES, Cost
from objstore.objects.kinds import Domain
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN = Path(__file__).parent.parent / "golden/encryption"


def sized(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


wraps = st.builds(Wrap, nonce=sized(24), sealed=sized(48))
slots = st.builds(
    PassphraseSlot,
    cost=st.builds(Cost, passes=st.integers(1, MAX_PASSES), kib=st.integers(1, MAX_KIB)),
    salt=sized(16),
    public=sized(32),
    box=sized(80),
)
names = st.text(min_size=1, max_size=100).filter(lambda name: name.isprintable() and name == name.strip())
members = st.lists(st.builds(Member, public=sized(32), box=sized(80), name=names), max_size=4)
key_stores = st.builds(
    KeyStoreFile,
    domain=sized(16).map(Domain),
    sequence=st.integers(1, 10**18 - 1),
    passphrase=slots,
    members=members.map(lambda found: tuple({each.public: each for each in sorted(found)}.values())),
    ids=wraps,
    keys=st.dictionaries(st.integers(1, (1 << 32) - 1), wraps, min_size=1, max_size=4).map(
        lambda found: tuple(sorted(found.items()))
    ),
    mac=sized(32),
)


@settings(deadline=None, max_examples=60)
@given(key_stores)
def test_a_key_store_comes_back_as_it_was(held: KeyStoreFile) -> None:
    assert decode_key_store(encode_key_store(held)) == held


@settings(deadline=None, max_examples=120)
@given(key_stores, mutations())
def test_damaged_key_stores_are_canonical_or_refused(held: KeyStoreFile, changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(encode_key_store(held), changes), decode_key_store, encode_key_store)


def test_what_nobody_could_open_or_would_take_too_much_is_refused() -> None:
    wrap = Wrap(bytes(24), bytes(48))
    slot = PassphraseSlot(Cost(3, 65536), bytes(16), bytes(32), bytes(80))
    good = KeyStoreFile(Domain(b"d" * 16), 1, slot, (), wrap, ((1, wrap),), bytes(32))
    assert decode_key_store(encode_key_store(good)) == good
    twice = Member(bytes(32), bytes(80), "a")
    for bad in (
        good._replace(passphrase=None),
        good._replace(passphrase=slot._replace(cost=Cost(MAX_PASSES + 1, 65536))),
        good._replace(passphrase=slot._replace(cost=Cost(3, MAX_KIB + 1))),
        good._replace(keys=((2, wrap), (1, wrap))),
        good._replace(keys=((1 << 32, wrap),)),
        good._replace(members=(twice, twice)),
    ):
        with pytest.raises(CorruptObject):
            decode_key_store(encode_key_store(bad))


def test_an_identity_comes_back_and_a_cut_or_altered_one_does_not() -> None:
    identity = Identity(bytes(range(32)))
    data = encode_identity(identity)
    assert decode_identity(data).secret == identity.secret
    assert parse_public(f" {public_text(identity.public)}\n") == identity.public
    for at in range(len(data)):
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
            with pytest.raises(CorruptObject) as caught:
                decode_identity(bad)
            assert identity.secret.hex()[:8] not in str(caught.value)
    for text in ("", "x25519-00", "ed25519-" + "0" * 64):
        with pytest.raises(InvalidValue):
            parse_public(text)
