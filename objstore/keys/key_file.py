"""A key as a file of text, which says what it is to whoever finds it.

    objstore key
    format 1
    domain 32 hex digits
    epoch number
    key 64 hex digits
    fingerprint 32 hex digits
    store JSON text: where the store was when the key was made
    end

The fingerprint follows from the lines above it, so that a file cut short or altered is found out. Bytes:
docs/format/secrets.md.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.keys.domain_key import MAX_EPOCH, DomainKey
from objstore.keys.private_folder import MAX_FILE_BYTES
from objstore.objects.kinds import Domain

_FORM = re.compile(
    rb"objstore key\nformat 1\ndomain ([0-9a-f]{32})\nepoch ([1-9][0-9]{0,9})\nkey ([0-9a-f]{64})\n"
    rb'fingerprint ([0-9a-f]{32})\nstore ("[ -~]*")\nend\n'
)


class KeyFile(NamedTuple):
    """What a key file holds: the key, and where the store was that it was made for."""

    key: DomainKey
    store: str


def encode_key_file(held: KeyFile) -> bytes:
    """The bytes of the file."""
    name = held.key.name
    lines = (
        f"objstore key\nformat 1\ndomain {name.domain.hex()}\nepoch {name.epoch}\nkey {held.key.root.hex()}\n"
        f"fingerprint {name.fingerprint.hex()}\nstore {json.dumps(held.store)}\nend\n"
    )
    return lines.encode("ascii")


def decode_key_file(data: bytes) -> KeyFile:
    """The key. CorruptObject: the bytes are no key file, cut short, or altered. Its text has none of the key in it."""
    if len(data) > MAX_FILE_BYTES:
        raise CorruptObject(None, f"a key file of {len(data)} bytes")
    found = _FORM.fullmatch(data)
    if found is None:
        if data.startswith(b"objstore key\n") and not data.endswith(b"\nend\n"):
            raise CorruptObject(None, "a key file that is cut short")
        raise CorruptObject(None, "no key file of format 1")
    if int(found[2]) > MAX_EPOCH:
        raise CorruptObject(None, f"a key file of epoch {int(found[2])}")
    key = DomainKey(Domain(bytes.fromhex(found[1].decode())), int(found[2]), bytes.fromhex(found[3].decode()))
    if key.name.fingerprint.hex().encode() != found[4]:
        raise CorruptObject(None, "a key file whose fingerprint does not fit its key")
    try:
        store: object = json.loads(found[5])
    except ValueError:
        raise CorruptObject(None, "a key file whose line `store` is no JSON text") from None
    held = KeyFile(key, str(store))
    if encode_key_file(held) != data:
        raise CorruptObject(None, "a key file in another than its canonical form")
    return held
