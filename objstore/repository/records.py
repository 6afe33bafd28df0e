"""Records: commits that say something about a history without being part of one, such as tombstones and boundaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from objstore.errors import CorruptObject
from objstore.objects.kinds import Kind, Oid
from objstore.storage.protocol import Storage

T = TypeVar("T")


def read_record(storage: Storage, oid: Oid, decode: Callable[[bytes], T], noun: str) -> T:
    """What a record says, by its decoder. CorruptObject: it is no `noun`; MissingObject."""
    obj = storage.read(oid)
    if obj.kind is not Kind.COMMIT:
        raise CorruptObject(oid, f"it is no {noun}")
    try:
        return decode(obj.payload)
    except CorruptObject as error:
        raise CorruptObject(oid, error.reason) from None
