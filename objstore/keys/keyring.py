"""The keys that a user signs with and trusts, in the user's key folder.

    signing-key    the user's own key, made when something is signed first (signing_file)
    trusted        the public keys of others that the user trusts, each with a name

Losing the own key loses no data: a new one is made, and what the old one signed is trusted once it is listed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, DamagedKey
from objstore.keys.private_folder import PrivateFolder
from objstore.keys.signature import Signature, Signing, SigningKey
from objstore.keys.signing_file import decode_signing_file, decode_trusted, encode_signing_file, encode_trusted

OWN: Final = "signing-key"
TRUSTED: Final = "trusted"
ME: Final = "you"
"""What the user's own key is called."""


class Signer(NamedTuple):
    """A key that is trusted: its public half (32 bytes), and whose it is."""

    public: bytes
    name: str


class Keyring:
    """The signing keys in one folder. Safe between threads and processes."""

    def __init__(self, folder: PrivateFolder, random: Callable[[int], bytes]) -> None:
        self.folder = folder
        self._random = random
        self._own: SigningKey | None = None
        self._lock = threading.Lock()

    def own(self) -> SigningKey:
        """The key that signs, made where there is none. UnsafeKeyFolder, DamagedKey; OSError: it cannot be written."""
        with self._lock:
            if self._own is None:
                found = self._read()
                if found is None:
                    self.folder.add(OWN, encode_signing_file(SigningKey(self._random(32))))
                    found = self._read()  # another process may have been faster: its key counts
                assert found is not None, "a file that was just written is there"
                self._own = found
            return self._own

    def sign(self, purpose: Signing, message: bytes) -> Signature:
        """Sign with the own key. Errors as `own`."""
        return self.own().sign(purpose, message)

    def who(self, signature: Signature, purpose: Signing, message: bytes) -> str | None:
        """Whose signature over this message this is: a trusted name, or None where the key is unknown here.

        CorruptObject: the signature does not hold. UnsafeKeyFolder, DamagedKey.
        """
        if not signature.holds(purpose, message):
            raise CorruptObject(None, "a signature that does not hold")
        return next((each.name for each in self.trusted() if each.public == signature.public), None)

    def trusted(self) -> list[Signer]:
        """Every trusted key, the own one first. UnsafeKeyFolder, DamagedKey."""
        with self._lock:
            own = self._own or self._read()
        mine = [] if own is None else [Signer(own.public, ME)]
        return mine + [Signer(public, name) for public, name in sorted(self._listed().items())]

    def trust(self, public: bytes, name: str) -> None:
        """Trust a key (32 bytes) from now on, under a name. InvalidValue; errors as `own`."""
        with self.folder.turn():
            self.folder.replace(TRUSTED, encode_trusted({**self._listed(), public: name}))

    def distrust(self, public: bytes) -> bool:
        """Trust a key no more; whether it was listed. Errors as `own`."""
        with self.folder.turn():
            listed = self._listed()
            if listed.pop(public, None) is None:
                return False
            self.folder.replace(TRUSTED, encode_trusted(listed))
            return True

    def _read(self) -> SigningKey | None:
        try:
            return decode_signing_file(self.folder.read(OWN))
        except FileNotFoundError:
            return None
        except CorruptObject as error:
            raise DamagedKey(str(self.folder.path / OWN), error.reason) from None

    def _listed(self) -> dict[bytes, str]:
        try:
            return decode_trusted(self.folder.read(TRUSTED))
        except FileNotFoundError:
            return {}
        except CorruptObject as error:
            raise DamagedKey(str(self.folder.path / TRUSTED), error.reason) from None
