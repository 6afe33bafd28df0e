"""What a user remembers of stores, outside of them: the newest checkpoint seen at each place, so that no older one passes.

    objstore remembered
    format 1
    store 32 hex digits
    place JSON text: the folder
    epoch number
    number number
    digest 64 hex digits
    end

A file for each store and place in the user's key folder, `seen-STORE-PLACE`. A copy of a store elsewhere is another
place and has its own. Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Final, NamedTuple

from objstore.errors import CorruptObject, DamagedKey
from objstore.keys.private_folder import PrivateFolder
from objstore.objects.hashing import derive_key

_FORM: Final = re.compile(
    rb'objstore remembered\nformat 1\nstore ([0-9a-f]{32})\nplace ("[ -~]*")\nepoch (0|[1-9][0-9]{0,9})\n'
    rb"number ([1-9][0-9]{0,18})\ndigest ([0-9a-f]{64})\nend\n"
)
_PLACE: Final = "objstore 2026-11-24 remembered: place"


class Remembered(NamedTuple):
    """The newest checkpoint that was seen of a store (its id) at a place (its folder)."""

    store: bytes
    place: str
    epoch: int
    number: int
    digest: bytes

    @property
    def at(self) -> tuple[int, int]:
        """Where it stands among the checkpoints of its store."""
        return self.epoch, self.number


def encode_remembered(seen: Remembered) -> bytes:
    """The bytes of the file."""
    lines = (
        f"objstore remembered\nformat 1\nstore {seen.store.hex()}\nplace {json.dumps(seen.place)}\n"
        f"epoch {seen.epoch}\nnumber {seen.number}\ndigest {seen.digest.hex()}\nend\n"
    )
    return lines.encode("ascii")


def decode_remembered(data: bytes) -> Remembered:
    """The reverse. CorruptObject: it is no such file, cut short, or altered."""
    found = _FORM.fullmatch(data)
    if found is None:
        raise CorruptObject(None, "it is not what objstore remembers of a store, or cut short")
    try:
        place: object = json.loads(found[2])
    except ValueError:
        raise CorruptObject(None, "its line `place` is no JSON text") from None
    seen = Remembered(
        bytes.fromhex(found[1].decode()), str(place), int(found[3]), int(found[4]), bytes.fromhex(found[5].decode())
    )
    if encode_remembered(seen) != data:
        raise CorruptObject(None, "it is in another than its canonical form")
    return seen


class Memory:
    """What is remembered of one store at one place."""

    def __init__(self, folder: PrivateFolder, store: bytes, place: str) -> None:
        """`store`: its id (16 bytes). `place`: its folder, absolute and without symbolic links."""
        self._folder = folder
        self._store = store
        self._place = place
        where = derive_key(_PLACE, place.encode("utf-8", "surrogatepass")).hex()[:16]
        self._name = f"seen-{store.hex()}-{where}"

    def recall(self) -> Remembered | None:
        """The newest checkpoint seen, or None. UnsafeKeyFolder; DamagedKey: the file cannot be read."""
        try:
            seen = decode_remembered(self._folder.read(self._name))
        except FileNotFoundError:
            return None
        except CorruptObject as error:
            raise DamagedKey(str(self._folder.path / self._name), error.reason) from None
        if (seen.store, seen.place) != (self._store, self._place):
            raise DamagedKey(str(self._folder.path / self._name), "it is about another store")
        return seen

    def keep(self, epoch: int, number: int, digest: bytes) -> None:
        """Remember a checkpoint, unless a later one is remembered. UnsafeKeyFolder; OSError: it cannot be written."""
        now = Remembered(self._store, self._place, epoch, number, digest)
        with self._folder.turn():
            seen = None
            with suppress(DamagedKey):
                seen = self.recall()
            if seen is None or seen.at <= now.at:  # Of processes that close together the last need not come last.
                self._folder.replace(self._name, encode_remembered(now))
