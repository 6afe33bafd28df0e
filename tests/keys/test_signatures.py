"""Checkpoints, heads and signatures: bytes, and who may change what without being noticed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from objstore.errors import CorruptObject
from objstore.keys.checkpoint import Checkpoint, checkpoint_digest, decode_checkpoint, encode_checkpoint
from objstore.keys.heads import Head, bucket_digest, bucket_of, decode_buckets, encode_buckets, root_of
from objstore.keys.signature import SigningKey, decode_signature, encode_signature
from objstore.keys.sodium import Direct, Wrapped
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "golden/signatures.json").read_text(encoding="utf-8")
)
KEY = SigningKey(bytes.fromhex(GOLDEN["seed"]))
BODY = bytes.fromhex(GOLDEN["body"])
HEADS = [Head(n, last, v and bytes.fromhex(v), ended, bytes.fromhex(c)) for n, last, v, ended, c in GOLDEN["heads"]]

hashes = st.binary(min_size=32, max_size=32)
counts = st.integers(0, (1 << 64) - 1)
checkpoints = st.builds(
    Checkpoint,
    store=st.binary(min_size=16, max_size=16),
    epoch=st.integers(0, (1 << 32) - 1),
    number=st.integers(1, (1 << 64) - 1),
    previous=hashes,
    time=st.integers(-(1 << 63), (1 << 63) - 1),
    heads=counts,
    root=hashes,
)
heads = st.builds(
    Head,
    name=st.text(min_size=1, max_size=20),
    last=st.integers(1, (1 << 63) - 1),
    value=st.none() | st.binary(min_size=1, max_size=40),
    ended=st.integers(-(1 << 63), (1 << 63) - 1),
    chain=hashes,
)


def digest(context: str, data: bytes) -> bytes:
    """BLAKE3 as docs/format/signatures.md has it, without the code of the product."""
    return blake3(data, derive_key_context=f"objstore 2026-11-24 {context}").digest()


def test_checkpoint_heads_and_signature_have_the_golden_bytes() -> None:
    fields = {name: bytes.fromhex(v) if isinstance(v, str) else v for name, v in GOLDEN["checkpoint"].items()}
    buckets = {bucket_of(head.name): bucket_digest([head]) for head in HEADS}
    assert encode_buckets(buckets).hex() == GOLDEN["buckets"]
    checkpoint = Checkpoint(**fields, root=root_of(buckets))
    assert (encode_checkpoint(checkpoint), decode_checkpoint(BODY)) == (BODY, checkpoint)
    assert checkpoint_digest(BODY).hex() == GOLDEN["digest"]
    assert encode_signature(KEY.sign("checkpoint", BODY)).hex() == GOLDEN["signature"]
    assert encode_signature(KEY.sign("tag", GOLDEN["tag_message"].encode())).hex() == GOLDEN["tag_signature"]


def test_a_second_implementation_by_the_page_of_the_format_agrees() -> None:
    head = HEADS[0]
    name, value = head.name.encode(), head.value or b""
    encoded = len(name).to_bytes(2) + head.last.to_bytes(8) + head.ended.to_bytes(8, signed=True)
    encoded += bytes([len(value)]) + name + value + head.chain
    assert bucket_digest([head]) == digest("signed heads: bucket", encoded)
    assert bucket_of(head.name) == digest("signed heads: name", name)[0]
    assert digest("signed heads: root", bytes.fromhex(GOLDEN["buckets"])).hex() == GOLDEN["root"]
    assert digest("checkpoint: digest", BODY).hex() == GOLDEN["digest"]
    signature = bytes.fromhex(GOLDEN["signature"])
    message = b"objstore 2026-11-24 signature: checkpoint\0" + BODY
    VerifyKey(signature[1:33]).verify(message, signature[33:])


@settings(deadline=None, max_examples=100)
@given(checkpoints, mutations())
def test_a_checkpoint_comes_back_and_damaged_is_canonical_or_refused(
    checkpoint: Checkpoint, changes: list[Mutation]
) -> None:
    data = encode_checkpoint(checkpoint)
    assert decode_checkpoint(data) == checkpoint
    is_canonical_or_corrupt(mutate(data, changes), decode_checkpoint, encode_checkpoint)


def test_no_checkpoint_has_number_0() -> None:
    with pytest.raises(CorruptObject, match="number 0"):
        decode_checkpoint(encode_checkpoint(decode_checkpoint(BODY)._replace(number=0)))


@settings(deadline=None, max_examples=100)
@given(st.lists(heads, min_size=1, max_size=6, unique_by=lambda head: head.name), st.data())
def test_the_root_covers_every_field_of_every_head_and_no_order(found: list[Head], data: st.DataObject) -> None:
    def root(them: list[Head]) -> bytes:
        grouped: dict[int, list[Head]] = {}
        for head in them:
            grouped.setdefault(bucket_of(head.name), []).append(head)
        return root_of({bucket: bucket_digest(group) for bucket, group in grouped.items()})

    assert root(found) == root(data.draw(st.permutations(found)))
    at = data.draw(st.integers(0, len(found) - 1))
    other = data.draw(heads)
    field = data.draw(st.sampled_from(Head._fields))
    changed = [*found[:at], found[at]._replace(**{field: getattr(other, field)}), *found[at + 1 :]]
    assert (root(changed) == root(found)) == (changed == found)
    assert root(found[:at] + found[at + 1 :]) != root(found)


@given(st.dictionaries(st.integers(0, 255), hashes, max_size=8))
def test_the_list_of_buckets_comes_back(buckets: dict[int, bytes]) -> None:
    assert root_of(decode_buckets(encode_buckets(buckets))) == root_of(buckets)


def test_a_signature_holds_for_its_message_purpose_and_key_alone() -> None:
    signature = KEY.sign("tag", b"message")
    assert signature.holds("tag", b"message")
    assert not signature.holds("checkpoint", b"message")
    assert not signature.holds("tag", b"messagE")
    assert not signature._replace(public=SigningKey(bytes(32)).public).holds("tag", b"message")
    for bit in range(0, 512, 7):
        value = bytearray(signature.value)
        value[bit // 8] ^= 1 << bit % 8
        assert not signature._replace(value=bytes(value)).holds("tag", b"message")
    for short in b"", signature.value[:-1], signature.value + b"\0":
        assert not signature._replace(value=short).holds("tag", b"message")


@given(st.binary(max_size=120))
def test_what_is_no_signature_is_refused(data: bytes) -> None:
    is_canonical_or_corrupt(data, decode_signature, encode_signature)


@settings(deadline=None, max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_the_fast_way_to_libsodium_gives_what_the_wrappers_give(seed: bytes, message: bytes) -> None:
    direct, wrapped = Direct(), Wrapped()
    public, signature = direct.public(seed), direct.sign(seed, message)
    assert (wrapped.public(seed), wrapped.sign(seed, message)) == (public, signature)
    for each in direct, wrapped:
        assert each.verifies(public, message, signature)
        assert not each.verifies(public, message + b"x", signature)
        assert not each.verifies(public[:-1], message, signature)
        with pytest.raises(ValueError, match=r"32|seed"):
            each.sign(seed[:-1], message)


def test_a_key_is_neither_shown_nor_pickled() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(ValueError, match="32"):
        SigningKey(b"short")
