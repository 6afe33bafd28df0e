"""A signing key as a file of text, and the list of the public keys that its user trusts.

    objstore signing key            a line for each key:
    format 1                        ed25519-64 hex digits, a space, a name
    seed 64 hex digits
    public 64 hex digits
    end

Encoding and decoding alone. Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from objstore.errors import CorruptObject, InvalidValue
from objstore.keys.private_folder import MAX_FILE_BYTES
from objstore.keys.signature import SigningKey

_FORM: Final = re.compile(rb"objstore signing key\nformat 1\nseed ([0-9a-f]{64})\npublic ([0-9a-f]{64})\nend\n")
_TRUSTED: Final = re.compile(r"(ed25519-[0-9a-f]{64}) (\S(?:.{0,98}\S)?)")
_KEY: Final = re.compile(r"ed25519-([0-9a-f]{64})", re.ASCII)


def encode_signing_file(key: SigningKey) -> bytes:
    """The bytes of the file."""
    lines = f"objstore signing key\nformat 1\nseed {key.seed.hex()}\npublic {key.public.hex()}\nend\n"
    return lines.encode("ascii")


def decode_signing_file(data: bytes) -> SigningKey:
    """The key. CorruptObject: the bytes are no key file, cut short, or altered. Its text has none of the key in it."""
    found = _FORM.fullmatch(data[: MAX_FILE_BYTES + 1])
    if found is None:
        if data.startswith(b"objstore signing key\n") and not data.endswith(b"\nend\n"):
            raise CorruptObject(None, "a signing key that is cut short")
        raise CorruptObject(None, "no signing key of format 1")
    key = SigningKey(bytes.fromhex(found[1].decode()))
    if key.public.hex().encode() != found[2]:
        raise CorruptObject(None, "a signing key whose public half does not fit its seed")
    return key


def key_text(public: bytes) -> str:
    """A public key as people pass it on."""
    return f"ed25519-{public.hex()}"


def parse_key(text: str) -> bytes:
    """The public key (32 bytes) of such a text. InvalidValue."""
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise InvalidValue("key", "is no public key: ed25519- and 64 hex digits, as `objstore keys signers` prints it")
    return bytes.fromhex(found[1])


def encode_trusted(names: Mapping[bytes, str]) -> bytes:
    """The list of trusted keys, {public key: name}. InvalidValue: a name is empty, too long, or more than a line."""
    lines = [f"{key_text(public)} {name}" for public, name in sorted(names.items())]
    for line in lines:
        if _TRUSTED.fullmatch(line) is None or len(line.splitlines()) != 1:
            raise InvalidValue("name", "has to be one line of 1 to 100 characters, without a space at its ends")
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def decode_trusted(data: bytes) -> dict[bytes, str]:
    """The reverse. CorruptObject."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise CorruptObject(None, "a list of trusted keys that is no UTF-8") from None
    found: dict[bytes, str] = {}
    for line in text.split("\n")[:-1]:
        match = _TRUSTED.fullmatch(line)
        if match is None:
            raise CorruptObject(None, f"a list of trusted keys whose line {len(found) + 1} is none")
        found[parse_key(match[1])] = match[2]
    try:
        canonical = encode_trusted(found) == data
    except InvalidValue:
        canonical = False
    if not canonical:
        raise CorruptObject(None, "a list of trusted keys that was not written by objstore")
    return found
