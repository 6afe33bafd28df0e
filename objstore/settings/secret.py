"""A secret: a text that is shown to who asks for it by name, and to nobody by accident.

What lies in the store is sealed (`objstore.keys`) and bound to the setting's key, so that it opens nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from objstore.errors import BrokenSeal, CorruptObject, InvalidValue
from objstore.keys.sealed import NONCE_BYTES, decode_sealed, encode_sealed
from objstore.keys.sealing import MAX_CONTENT_BYTES, open_sealed, seal
from objstore.keys.source import KeySource

MASK: Final = "********"


class Secret:
    """A secret text. `reveal()` gives it; `repr`, `str` and formats a mask; JSON and pickle refuse it.

    A stored one is opened when it is revealed, not before. Two are equal if they are one and the same.
    """

    __slots__ = ("_open", "key")

    def __init__(self, text: str, key: str = "") -> None:
        """A secret that is not stored yet; `key` is the setting it is about. InvalidValue: not text, or too long."""
        _encode(key or "secret", text)
        self.key = key
        self._open: Callable[[], str] = lambda: text

    @classmethod
    def sealed(cls, key: str, data: bytes, keys: KeySource) -> Secret:
        """The secret of a setting that lies sealed in a store."""
        secret = cls.__new__(cls)
        secret.key = key
        secret._open = lambda: open_secret(key, data, keys)
        return secret

    def reveal(self) -> str:
        """The text. MissingKey, BrokenSeal, DamagedKey, UnsafeKeyFolder, CorruptObject."""
        return self._open()

    def __repr__(self) -> str:
        return f"Secret({self.key})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"the secret {self.key} cannot be pickled: it would lie open wherever the pickle does")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


def seal_secret(key: str, secret: Secret, keys: KeySource, random: Callable[[int], bytes]) -> bytes:
    """The sealed bytes of a setting's secret. Errors of `reveal`, and those of the key folder."""
    domain_key = keys.current()  # first: nothing of the secret is in reach when it fails
    nonce = random(NONCE_BYTES)
    return encode_sealed(seal(domain_key, "secrets", _encode(key, secret.reveal()), _place(key), nonce))


def open_secret(key: str, data: bytes, keys: KeySource) -> str:
    """The text of a setting's sealed bytes. Errors as `Secret.reveal`."""
    sealed = decode_sealed(data)
    domain_key = keys.find(sealed.key)
    try:
        return open_sealed(domain_key, "secrets", sealed, _place(key)).decode()
    except BrokenSeal as error:
        raise BrokenSeal(error.reason, key) from None
    except UnicodeDecodeError:
        raise CorruptObject(None, f"the secret {key} is not text") from None


def _place(key: str) -> bytes:
    return b"setting\0" + key.encode()


def _encode(key: str, text: object) -> bytes:
    """The text's bytes. InvalidValue, which says nothing of the text."""
    if not isinstance(text, str):
        raise InvalidValue(key, f"is of type {type(text).__name__}; a secret is text")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise InvalidValue(key, "holds half a character (a lone surrogate); a secret is text") from None
    if len(data) > MAX_CONTENT_BYTES:
        raise InvalidValue(key, f"takes {len(data)} bytes; a secret has at most {MAX_CONTENT_BYTES}")
    return data
