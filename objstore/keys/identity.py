"""Identities: an X25519 key pair, by which a person or an agent opens the stores that it is a member of.

    objstore identity
    format 1
    secret 64 hex digits
    public 64 hex digits
    end

The public half is passed on as the text x25519-64 hex digits. Bytes: docs/format/encryption.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from objstore.errors import CorruptObject, DamagedKey, InvalidValue
from objstore.keys.cipher import KEY_BYTES, cipher
from objstore.keys.private_folder import write_private

MAX_IDENTITY_BYTES: Final = 1 << 12
_FORM: Final = re.compile(rb"objstore identity\nformat 1\nsecret ([0-9a-f]{64})\npublic ([0-9a-f]{64})\nend\n")
_PUBLIC: Final = re.compile(r"x25519-([0-9a-f]{64})", re.ASCII)


class Identity:
    """A key pair. Never shown: `repr` gives the public half."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes) -> None:
        """`secret`: 32 bytes. ValueError: they are not."""
        if len(secret) != KEY_BYTES:
            raise ValueError(f"an identity has {KEY_BYTES} bytes, not {len(secret)}")
        # RFC 7748, 5: five of the bits say nothing, and stand as a fixed value, so that each key has one form.
        self._secret = bytes([secret[0] & 248, *secret[1:31], secret[31] & 127 | 64])
        self.public = cipher().public(self._secret)
        """The public half: 32 bytes."""

    @property
    def secret(self) -> bytes:
        """The secret half, for who keeps it."""
        return self._secret

    def unbox(self, box: bytes) -> bytes | None:
        """What is in a box for this identity, or None."""
        return cipher().unbox(box, self._secret)

    def __repr__(self) -> str:
        return f"Identity({public_text(self.public)})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("an identity cannot be pickled: it would lie in whatever the pickle lies in")


def public_text(public: bytes) -> str:
    """A public key as people pass it on."""
    return f"x25519-{public.hex()}"


def parse_public(text: str) -> bytes:
    """The public key (32 bytes) of such a text. InvalidValue."""
    found = _PUBLIC.fullmatch(text.strip())
    if found is None:
        raise InvalidValue("key", "is no public key: x25519- and 64 hex digits, as `objstore keys identity` prints it")
    return bytes.fromhex(found[1])


def encode_identity(identity: Identity) -> bytes:
    """The bytes of its file."""
    lines = f"objstore identity\nformat 1\nsecret {identity.secret.hex()}\npublic {identity.public.hex()}\nend\n"
    return lines.encode("ascii")


def decode_identity(data: bytes) -> Identity:
    """The identity. CorruptObject: no identity file, cut short, or altered. Its text has none of the key in it."""
    found = _FORM.fullmatch(data[: MAX_IDENTITY_BYTES + 1])
    if found is None:
        if data.startswith(b"objstore identity\n") and not data.endswith(b"\nend\n"):
            raise CorruptObject(None, "an identity that is cut short")
        raise CorruptObject(None, "no identity of format 1")
    identity = Identity(bytes.fromhex(found[1].decode()))
    if identity.public.hex().encode() != found[2]:
        raise CorruptObject(None, "an identity whose public half does not fit its secret one")
    if encode_identity(identity) != data:
        raise CorruptObject(None, "an identity in another than its canonical form")
    return identity


def read_identity(path: Path) -> Identity:
    """The identity in a file. DamagedKey; FileNotFoundError and other OSErrors."""
    with path.open("rb") as file:
        data = file.read(MAX_IDENTITY_BYTES + 1)
    try:
        return decode_identity(data)
    except CorruptObject as error:
        raise DamagedKey(str(path), error.reason) from None


def write_identity(path: Path, identity: Identity) -> None:
    """A new file for an identity, 0600, durable but for its name. FileExistsError."""
    write_private(path, encode_identity(identity))
