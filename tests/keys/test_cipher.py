"""Both ways to libsodium give the same bytes, and those of the published vectors."""

from __future__ import annotations

import pytest

from objstore.keys.cipher import Cipher, Direct, Wrapped

# draft-irtf-cfrg-xchacha-03, A.3.1
KEY = bytes(range(0x80, 0xA0))
NONCE = bytes(range(0x40, 0x58))
BOUND = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
TEXT = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
SEALED_START = bytes.fromhex("bd6d179d3e83d43b9576579493c0e939")
TAG = bytes.fromhex("c0875924c1c7987947deafd8780acf49")

WAYS = [Direct(), Wrapped()]
both = pytest.mark.parametrize("way", WAYS, ids=["direct", "wrapped"])


@both
def test_sealing_gives_the_bytes_of_the_published_vector(way: Cipher) -> None:
    sealed = way.encrypt(TEXT, BOUND, NONCE, KEY)
    assert sealed.startswith(SEALED_START)
    assert sealed.endswith(TAG)
    assert way.decrypt(memoryview(sealed), BOUND, NONCE, KEY) == TEXT


@both
@pytest.mark.parametrize("content", [b"", b"x", bytes(1000)])
def test_what_was_altered_or_bound_elsewhere_does_not_open(way: Cipher, content: bytes) -> None:
    sealed = way.encrypt(content, b"here", NONCE, KEY)
    assert way.decrypt(sealed, b"here", NONCE, KEY) == content
    assert way.decrypt(sealed, b"there", NONCE, KEY) is None
    assert way.decrypt(sealed, b"here", NONCE, bytes(32)) is None
    assert way.decrypt(sealed[:-1], b"here", NONCE, KEY) is None
    assert way.decrypt(sealed[:3], b"here", NONCE, KEY) is None
    for at in range(0, len(sealed), 37):
        altered = bytearray(sealed)
        altered[at] ^= 1
        assert way.decrypt(bytes(altered), b"here", NONCE, KEY) is None


@both
def test_a_box_opens_for_its_owner_alone_whichever_way_made_it(way: Cipher) -> None:
    secret = bytes(range(32))
    public = way.public(secret)
    for other in WAYS:
        box = other.box(b"root" * 8, public)
        assert len(box) == 80
        assert way.unbox(box, secret) == b"root" * 8
        assert way.unbox(box, KEY) is None
        assert way.unbox(box[:40], secret) is None
        assert way.unbox(box[:-1] + bytes([box[-1] ^ 1]), secret) is None


@both
def test_both_ways_give_the_same_public_keys_and_stretched_passphrases(way: Cipher) -> None:
    assert way.public(KEY) == WAYS[0].public(KEY) == WAYS[1].public(KEY)
    found = {each.stretch(b"pass", bytes(range(16)), passes, 8 << 10) for each in WAYS for passes in (1, 2)}
    assert len(found) == 2
    assert way.stretch(b"pass", bytes(range(16)), 1, 8 << 10) in found


@both
def test_sizes_that_do_not_fit_are_refused_before_the_library_reads_them(way: Cipher) -> None:
    for nonce, key in ((NONCE[:-1], KEY), (NONCE, KEY[:-1])):
        with pytest.raises(ValueError, match="bytes"):
            way.encrypt(b"", b"", nonce, key)
        with pytest.raises(ValueError, match="bytes"):
            way.decrypt(bytes(40), b"", nonce, key)
    with pytest.raises(ValueError, match="bytes"):
        way.box(b"", bytes(31))
    with pytest.raises(ValueError, match="bytes"):
        way.stretch(b"", bytes(15), 1, 8 << 10)
