"""Fuzz the opening of sealed frames and rows: what opens was sealed so, all else is CorruptObject.

python -m fuzz.fuzz_sealed_frame [ATHERIS OPTIONS] fuzz/corpus/sealed_frame     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.keys", "objstore.packs"):
    from objstore.keys.domain_key import DomainKey
    from objstore.keys.identity import Identity
    from objstore.keys.store_keys import StoreKeys
    from objstore.keys.vault import Vault
    from objstore.packs.frame import decode_frame
    from objstore.packs.sealed import SealedCompression

from objstore.errors import CorruptObject
from objstore.objects.kinds import Domain, Kind

DOMAIN = Domain(b"d" * 16)
KEYS = StoreKeys(DOMAIN, b"r" * 32, b"i" * 32, {1: DomainKey(DOMAIN, 1, b"k" * 32)}, Identity(b"o" * 32))
SEALED = SealedCompression(Vault(KEYS, lambda: KEYS, bytes))
HASHER = KEYS.hasher()


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        frame = decode_frame(data, HASHER, SEALED)
        for number in range(len(frame)):
            frame.object(number)
    except CorruptObject:
        pass
    try:
        SEALED.decode_row(bytes(32), Kind.EVENT, data, 1 << 20)
    except CorruptObject:
        return


if __name__ == "__main__":
    run(check, "sealed_frame")
