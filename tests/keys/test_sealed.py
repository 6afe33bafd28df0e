from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject
from objstore.keys.domain_key import KeyName
from objstore.keys.sealed import MAX_SEALED_BYTES, Sealed, decode_sealed, encode_sealed
from objstore.objects.kinds import Domain
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

names = st.builds(
    KeyName,
    domain=st.binary(min_size=16, max_size=16).map(Domain),
    epoch=st.integers(1, (1 << 32) - 1),
    fingerprint=st.binary(min_size=16, max_size=16),
)
sealed_things = st.builds(
    Sealed,
    key=names,
    nonce=st.binary(min_size=24, max_size=24),
    ciphertext=st.integers(1, 4).flatmap(lambda n: st.binary(min_size=64 * n + 16, max_size=64 * n + 16)),
)
SAMPLE = encode_sealed(Sealed(KeyName(Domain(b"d" * 16), 1, b"f" * 16), b"n" * 24, b"c" * 80))


@settings(deadline=None, max_examples=60)
@given(sealed_things)
def test_something_sealed_comes_back_as_it_was(sealed: Sealed) -> None:
    assert decode_sealed(encode_sealed(sealed)) == sealed


@settings(deadline=None, max_examples=100)
@given(sealed_things, mutations())
def test_damaged_bytes_are_canonical_or_refused(sealed: Sealed, changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(encode_sealed(sealed), changes), decode_sealed, encode_sealed)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "format nothing"),
        (b"\x02" + SAMPLE[1:], "format 2"),
        (SAMPLE[:-1], "which none has"),
        (SAMPLE[:-64], "which none has"),
        (SAMPLE + bytes(MAX_SEALED_BYTES), "which none has"),
        (SAMPLE[:17] + bytes(4) + SAMPLE[21:], "epoch 0"),
    ],
)
def test_what_no_writer_makes_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(CorruptObject, match=reason):
        decode_sealed(data)
