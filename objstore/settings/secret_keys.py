"""The keys that seal a store's secrets: `store.keys`. Rotation, recovery codes, destruction.

Rotation makes a key first, then a commit on every head that holds secrets, in which they are sealed anew. It may be
interrupted anywhere: what is not sealed anew yet opens with the old key, which stays, and the next rotation takes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from objstore.errors import InvalidRecoveryCode, KeyInUse, RecoveryCodesShown
from objstore.keys.domain_key import KeyName
from objstore.keys.recovery import decode_recovery_code, encode_recovery_code
from objstore.keys.sealed import decode_sealed
from objstore.objects.kinds import Kind
from objstore.repository.repository import Repository
from objstore.settings.rotation import LeftOut, Rotation, branches


class KeyInfo(NamedTuple):
    """A key of the store: its epoch, its name in hex, where it lies, whether it seals, when its code was shown."""

    epoch: int
    name: str
    place: str
    current: bool
    shown: str | None


class Rotated(NamedTuple):
    """What a rotation did: the epoch from now on, the refs that got a commit, the secrets that were left as they are."""

    epoch: int
    refs: list[str]
    left_out: list[LeftOut]


class SecretKeys:
    """The keys of a store's secrets. Safe between threads; others may write meanwhile."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def find(self) -> list[KeyInfo]:
        """The store's keys that are here, the oldest first; the last one seals. UnsafeKeyFolder."""
        held = self._repo.keys.held()
        return [KeyInfo(each.name.epoch, str(each.name), each.place, each is held[-1], each.shown) for each in held]

    def rotate(self) -> Rotated:
        """Make a new key and seal with it what the heads hold. Older moments open with the old keys, which stay.

        A secret that cannot be opened is left as it is, and told. The new key has a recovery code of its own.
        UnsafeKeyFolder.
        """
        epoch = self._repo.keys.renew().name.epoch
        rotation = Rotation(self._repo)
        refs = [name for name in branches(self._repo) if rotation.seal_anew(name)]
        return Rotated(epoch, refs, rotation.left_out)

    def recovery_codes(self, *, again: bool = False) -> list[str]:
        """A recovery code for each key whose code was not shown yet, or with `again` for all; noted as shown.

        Who has the code has the key: keep it off this machine. RecoveryCodesShown: all of them were.
        """
        held = self._repo.keys.held()
        wanted = [each for each in held if again or each.shown is None]
        if held and not wanted:
            raise RecoveryCodesShown(str(held[-1].shown))
        codes = [encode_recovery_code(self._repo.keys.find(each.name)) for each in wanted]
        for each in wanted:
            self._repo.keys.note_shown(each.name, self._now())
        return codes

    def recover(self, codes: Iterable[str]) -> list[str]:
        """Put the keys of recovery codes back into the key folder; their names. InvalidRecoveryCode: none was."""
        keys = [decode_recovery_code(code) for code in codes]
        if not keys:
            raise InvalidRecoveryCode("none was given")
        for key in keys:
            self._repo.keys.keep(key)
        return [str(key.name) for key in keys]

    def destroy(self, epoch: int) -> list[str]:
        """Destroy the keys of an old epoch; their names. What they sealed is lost to all who keep no copy of them.

        KeyInUse: there is no such key, it is the one that seals, or a head needs it; nothing was destroyed.
        """
        held = self._repo.keys.held()
        names = [each.name for each in held if each.name.epoch == epoch]
        if not names:
            raise KeyInUse(f"of epoch {epoch}", "there is none here. See: objstore keys list")
        if epoch == held[-1].name.epoch:
            raise KeyInUse(names[-1].short, "it is the one that seals. Rotate first: objstore keys rotate")
        self._refuse_needed(frozenset(names))
        for name in names:
            self._repo.keys.destroy(name, self._now())
        return [str(name) for name in names]

    def _refuse_needed(self, names: frozenset[KeyName]) -> None:
        rotation = Rotation(self._repo)
        for ref in branches(self._repo):
            for key, entry in rotation.secrets(ref):
                needed = decode_sealed(self._repo.payload(entry.oid, Kind.BLOB)).key
                if needed in names:
                    reason = f"{ref} needs it for {key}. Seal that anew first: objstore keys rotate"
                    raise KeyInUse(needed.short, reason)

    def _now(self) -> str:
        time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._repo.now())
        return time.strftime("%Y-%m-%d %H:%M:%S UTC")
