from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt

from objstore.errors import BrokenSeal
from objstore.keys.domain_key import DomainKey
from objstore.keys.sealed import Sealed, decode_sealed, encode_sealed
from objstore.keys.sealing import MAX_CONTENT_BYTES, open_sealed, seal
from objstore.objects.kinds import Domain

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/secrets/sealed.json").read_text(encoding="utf-8"))
KEY = DomainKey(Domain(b"d" * 16), 1, b"k" * 32)
NONCE = b"n" * 24


def _key(case: dict[str, str | int]) -> DomainKey:
    return DomainKey(Domain(bytes.fromhex(str(case["domain"]))), int(case["epoch"]), bytes.fromhex(str(case["key"])))


@pytest.mark.parametrize("case", GOLDEN, ids=[case["setting"] for case in GOLDEN])
def test_sealed_texts_have_the_golden_bytes(case: dict[str, str | int]) -> None:
    key, data = _key(case), bytes.fromhex(str(case["sealed"]))
    place, text = b"setting\0" + str(case["setting"]).encode(), str(case["text"]).encode()
    assert key.name.fingerprint.hex() == case["fingerprint"]
    assert key.derived("secrets").hex() == case["derived_for_secrets"]
    assert encode_sealed(seal(key, "secrets", text, place, bytes.fromhex(str(case["nonce"])))) == data
    assert open_sealed(key, "secrets", decode_sealed(data), place) == text


@pytest.mark.parametrize("case", GOLDEN, ids=[case["setting"] for case in GOLDEN])
def test_the_golden_bytes_open_with_the_libraries_alone_as_the_format_says(case: dict[str, str | int]) -> None:
    data = bytes.fromhex(str(case["sealed"]))
    root = bytes.fromhex(str(case["key"]))
    bound = data[1:21] + root
    assert blake3(bound, derive_key_context="objstore 2026-11-24 domain key: fingerprint").digest(16) == data[21:37]
    derived = blake3(root, derive_key_context="objstore 2026-11-24 domain key: secrets").digest()
    associated = data[:37] + b"setting\0" + str(case["setting"]).encode()
    padded = crypto_aead_xchacha20poly1305_ietf_decrypt(data[61:], associated, data[37:61], derived)
    text = str(case["text"]).encode()
    assert padded == text + b"\x80" + bytes(63 - len(text) % 64)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_in_its_place_and_in_no_other(content: bytes, place: bytes) -> None:
    sealed = seal(KEY, "secrets", content, place, NONCE)
    assert open_sealed(KEY, "secrets", sealed, place) == content
    with pytest.raises(BrokenSeal, match="altered, or was sealed for another place"):
        open_sealed(KEY, "secrets", sealed, place + b"x")


def test_no_byte_can_be_altered() -> None:
    data = encode_sealed(seal(KEY, "secrets", b"text", b"place", NONCE))
    for at in range(1, len(data)):  # byte 0, the version, is the decoder's
        changed = data[:at] + bytes([data[at] ^ 2]) + data[at + 1 :]
        with pytest.raises(BrokenSeal):
            open_sealed(KEY, "secrets", decode_sealed(changed), b"place")
    assert open_sealed(KEY, "secrets", decode_sealed(data), b"place") == b"text"


@pytest.mark.parametrize(
    "other",
    [
        DomainKey(Domain(b"e" * 16), 1, b"k" * 32),
        DomainKey(KEY.name.domain, 2, b"k" * 32),
        DomainKey(KEY.name.domain, 1, b"K" * 32),
    ],
    ids=["domain", "epoch", "key"],
)
def test_another_key_opens_nothing_even_under_the_right_name(other: DomainKey) -> None:
    sealed = seal(KEY, "secrets", b"text", b"place", NONCE)
    with pytest.raises(BrokenSeal, match="it was sealed with key"):
        open_sealed(other, "secrets", sealed, b"place")
    with pytest.raises(BrokenSeal):
        open_sealed(other, "secrets", sealed._replace(key=other.name), b"place")


def test_the_length_tells_only_the_number_of_blocks() -> None:
    sizes = {len(seal(KEY, "secrets", bytes(size), b"", NONCE).ciphertext) for size in range(64)}
    assert sizes == {80}
    assert len(seal(KEY, "secrets", bytes(64), b"", NONCE).ciphertext) == 144
    decode_sealed(encode_sealed(seal(KEY, "secrets", bytes(MAX_CONTENT_BYTES), b"", NONCE)))


@pytest.mark.parametrize("padded", [bytes(64), b"\x80" + bytes(64 + 63), b"x" * 64, b"text\x80" + b"\1" * 59])
def test_padding_that_no_writer_makes_is_refused(padded: bytes) -> None:
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

    blank = Sealed(KEY.name, NONCE, b"")
    sealed = blank._replace(ciphertext=encrypt(padded, blank.header + b"p", NONCE, KEY.derived("secrets")))
    with pytest.raises(BrokenSeal, match="padded"):
        open_sealed(KEY, "secrets", sealed, b"p")


def test_noise_opens_nowhere() -> None:
    noise = random.Random(7).randbytes
    for _ in range(200):
        with pytest.raises(BrokenSeal):
            open_sealed(KEY, "secrets", Sealed(KEY.name, noise(24), noise(80)), b"place")


def test_the_library_is_loaded_when_something_is_sealed_and_not_before() -> None:
    code = (
        "import sys, objstore; s = objstore.open('memory:').settings.open('u', create=True); s.set('a', 1); s.resolve()\n"
        "before = [name in sys.modules for name in ('nacl', 'pydantic', 'yaml')]\n"
        "s.set_secret('b', 'x'); print(before, 'nacl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[False, False, False] True\n"
