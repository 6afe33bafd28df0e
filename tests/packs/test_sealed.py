from __future__ import annotations

import json
from pathlib import Path

import pytest

from objstore.errors import CorruptObject
from objstore.keys.domain_key import DomainKey
from objstore.keys.identity import Identity
from objstore.keys.key_store import KeyStore
from objstore.keys.store_keys import StoreKeys
from objstore.keys.vault import Vault
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Domain, Kind
from objstore.packs.compression import Compression
from objstore.packs.frame import decode_frame, encode_frame
from objstore.packs.frame_header import decode_header
from objstore.packs.sealed import PADDING, SealedCompression

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/encryption/vectors.json").read_text(encoding="utf-8"))
NONCE = bytes(range(24))


def vault(keys: StoreKeys) -> Vault:
    return Vault(keys, lambda: keys, lambda size: NONCE[:size])


def keys_of(domain: bytes = b"d" * 16, data: bytes = b"k" * 32, epoch: int = 1) -> StoreKeys:
    key = DomainKey(Domain(domain), epoch, data)
    return StoreKeys(Domain(domain), b"r" * 32, b"i" * 32, {epoch: key}, Identity(b"o" * 32))


KEYS = keys_of()
SEALED = SealedCompression(vault(KEYS))
HASHER = KEYS.hasher()
OBJECTS = [HASHER.object(Kind.BLOB, f"object {number} ".encode() * number) for number in range(1, 30)]
OID = OBJECTS[0].oid


@pytest.mark.parametrize("opened_by", ["passphrase", "identity"])
def test_the_key_store_of_the_vectors_opens_to_the_keys_that_they_name(tmp_path: Path, opened_by: str) -> None:
    case = GOLDEN["key store"]
    path = tmp_path / "keystore"
    path.write_text(case["file"], encoding="ascii")
    secret = case["passphrase"] if opened_by == "passphrase" else Identity(bytes.fromhex(case["secret"]))
    keys = KeyStore(path, bytes).open(secret)
    assert keys.domain.hex() == case["domain"]
    assert keys.root.hex() == case["root"]
    assert {str(epoch): key.root.hex() for epoch, key in keys.by_epoch.items()} == case["data"]
    hasher = keys.hasher()
    assert hasher.oid(Kind.BLOB, b"hello").hex() == case["blob hello"]
    assert hasher.cut(0, b"hello") == case["cut hello"]


def test_rows_and_frames_are_sealed_to_the_bytes_of_the_vectors_and_open() -> None:
    payload = bytes.fromhex(GOLDEN["row"]["payload"])
    oid = bytes.fromhex(GOLDEN["row"]["oid"])
    row = SEALED.quick_row(oid, Kind.EVENT, payload)
    assert row.hex() == GOLDEN["row"]["sealed"]
    assert SEALED.decode_row(oid, Kind.EVENT, row, 1 << 20) == payload
    plain = bytes.fromhex(GOLDEN["frame"]["plain"])
    assert SEALED.stored(plain).hex() == GOLDEN["frame"]["sealed"]
    assert bytes(SEALED.opened(bytes.fromhex(GOLDEN["frame"]["sealed"]))) == plain


def test_a_frame_comes_back_from_its_seal_and_its_length_says_little() -> None:
    data = encode_frame(OBJECTS, SEALED)
    frame = decode_frame(data, HASHER, SEALED)
    assert [frame.object(number) for number in range(len(frame))] == OBJECTS
    for size in (1, 100, 200):
        body = encode_frame([HASHER.object(Kind.BLOB, b"x" * size)], SEALED)
        assert decode_header(body).packed_size % PADDING == decode_header(data).packed_size % PADDING


def test_every_flipped_bit_of_a_frame_is_noticed() -> None:
    data = encode_frame(OBJECTS[:3], SEALED)
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CorruptObject):
            decode_frame(bytes(flipped), HASHER, SEALED)


def test_a_row_opens_for_its_id_and_kind_alone() -> None:
    row = SEALED.encode_row(OID, Kind.EVENT, b"payload" * 100)
    assert SEALED.decode_row(OID, Kind.EVENT, row, 1000) == b"payload" * 100
    with pytest.raises(CorruptObject):
        SEALED.decode_row(OBJECTS[1].oid, Kind.EVENT, row, 1000)
    with pytest.raises(CorruptObject):
        SEALED.decode_row(OID, Kind.BLOB, row, 1000)
    with pytest.raises(CorruptObject):
        SEALED.decode_row(OID, Kind.EVENT, row, 699)
    for at in range(len(row)):
        with pytest.raises(CorruptObject):
            SEALED.decode_row(OID, Kind.EVENT, row[:at] + bytes([row[at] ^ 1]) + row[at + 1 :], 1000)


@pytest.mark.parametrize("other", [keys_of(domain=b"e" * 16), keys_of(data=b"l" * 32), keys_of(epoch=2)])
def test_nothing_opens_with_the_keys_of_another_store_or_epoch(other: StoreKeys) -> None:
    stranger = SealedCompression(vault(other))
    with pytest.raises(CorruptObject):
        decode_frame(encode_frame(OBJECTS, SEALED), other.hasher(), stranger)
    with pytest.raises(CorruptObject):
        stranger.decode_row(OID, Kind.EVENT, SEALED.encode_row(OID, Kind.EVENT, b"x"), 10)


def test_what_is_not_sealed_is_refused_and_what_is_sealed_means_nothing_to_a_plain_store() -> None:
    plain = Compression()
    with pytest.raises(CorruptObject):
        decode_frame(encode_frame(OBJECTS, plain), HASHER, SEALED)
    with pytest.raises(CorruptObject):
        decode_frame(encode_frame(OBJECTS, SEALED), HASHER, plain)
    with pytest.raises(CorruptObject):
        SEALED.decode_row(OID, Kind.EVENT, plain.encode_row(OID, Kind.EVENT, b"x"), 10)
    with pytest.raises(CorruptObject):
        plain.decode_row(OID, Kind.EVENT, SEALED.encode_row(OID, Kind.EVENT, b"x"), 10)
    with pytest.raises(CorruptObject):
        SealedCompression(vault(KEYS), [b"a dictionary that is not sealed"])


def test_a_hasher_of_other_keys_gives_other_ids() -> None:
    assert Hasher().oid(Kind.BLOB, b"x") != HASHER.oid(Kind.BLOB, b"x") != keys_of(domain=b"e" * 16).hasher()
