"""Encrypted stores: what opens them, and what does not."""

from __future__ import annotations

from refs.errors import ObjstoreError


class KeyNeeded(ObjstoreError):
    """A store is encrypted, and nothing was given that opens it. Facts: `place`."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place

    def __str__(self) -> str:
        return (
            f"{self.place} is encrypted. Give its passphrase or a member's identity file: "
            "passphrase=… or key=…; for the command OBJSTORE_PASSPHRASE_FILE or OBJSTORE_KEY name a file"
        )


class WrongPassphrase(ObjstoreError):
    """A passphrase does not open a key store. Facts: `path` of the key store."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"this passphrase does not open {self.path}"


class NotAMember(ObjstoreError):
    """An identity is none of a key store's members, or a name is none of theirs. Facts: `path`, `who`."""

    def __init__(self, path: str, who: str) -> None:
        super().__init__(path, who)
        self.path = path
        self.who = who

    def __str__(self) -> str:
        return f"{self.who} is no member of {self.path}. A member adds it: objstore keys add-member NAME PUBLIC-KEY"


class MissingKeyStore(ObjstoreError, LookupError):
    """The key store of an encrypted store is gone. Facts: `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"{self.path} is gone, and without it nothing of this store can be read. "
            "Put back the copy that `objstore keys save` made"
        )


class DamagedKeyStore(ObjstoreError):
    """A key store is cut short, altered, or of another store. Facts: `path`, `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. Put back the copy that `objstore keys save` made"


class DowngradedKeyStore(ObjstoreError):
    """A key store asks for so little work that its passphrase could be guessed. Facts: `path`, `found`, `floor` (words)."""

    def __init__(self, path: str, found: str, floor: str) -> None:
        super().__init__(path, found, floor)
        self.path = path
        self.found = found
        self.floor = floor

    def __str__(self) -> str:
        return (
            f"{self.path} asks for Argon2id with {self.found}, less than {self.floor}: somebody may have changed it, "
            "to guess the passphrase. Put back the copy that `objstore keys save` made"
        )


class StaysSealed(ObjstoreError):
    """Content would leave an encrypted store unsealed, or enter it under other ids. Facts: `place`, `what` was asked."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(place, what)
        self.place = place
        self.what = what

    def __str__(self) -> str:
        return (
            f"{self.place} is encrypted and does not {self.what}: its ids and bytes mean nothing to a store without its "
            "keys. To take it elsewhere: objstore backup, restore, and its key store (objstore keys save)"
        )


class NotEncrypted(ObjstoreError, ValueError):
    """A passphrase or key was given for a store that is not encrypted. Facts: `place`."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place

    def __str__(self) -> str:
        return (
            f"{self.place} is not encrypted, so it takes no passphrase and no key. "
            "A store is encrypted when it is made: objstore init --encrypt"
        )
