"""Refs and their logs: the chain of each, and every value that a ref has or had, as the roots of the walk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from objstore.errors import BrokenLog, CorruptObject, ObjstoreError
from objstore.objects.kinds import Oid
from refs.name import check_name
from refs.protocol import RefReader

_OID = 32


class Root(NamedTuple):
    """Where a walk begins: a ref's head, or a value in its log (`suffix` says which)."""

    ref: str
    oid: Oid
    suffix: str
    is_head: bool


def broken_logs(refs: RefReader) -> Iterator[tuple[str, str]]:
    """Every name whose log is damaged, or that no ref may have, with the reason; deleted refs' too."""
    for name in names(refs):
        try:
            refs.verify(name)
            check_name(name)
        except BrokenLog as error:
            yield name, f"its log is damaged at step {error.sequence}"
        except ObjstoreError as error:
            yield name, getattr(error, "reason", "") or str(error)


def names(refs: RefReader) -> list[str]:
    """Every name that there is or was, sorted."""
    found = set[str]()
    try:
        found.update(ref.name for ref in refs.find())
        for _, entries in refs.operations():
            found.update(str(entry.name) for entry in entries)  # Damage may leave another type.
    except (ObjstoreError, UnicodeDecodeError):
        pass  # The walk over the heads and logs meets the same fault and tells it.
    return sorted(found)


def roots(refs: RefReader) -> Iterator[Root]:
    """The heads by name, then the values that the logs hold beside them. CorruptObject: the refs cannot be read."""
    for ref in refs.find():
        yield Root(ref.name, _id(ref.value, ref.name), "", is_head=True)
    expired: dict[str, int] = {}
    for _, entries in refs.operations():
        for entry in entries:
            if entry.name not in expired:
                expired[entry.name] = refs.cut(entry.name).expired
            for value, sequence in ((entry.new, entry.last), (entry.old, entry.first - 1)):
                # What an expired step led away from may have been collected.
                if value is not None and (sequence == entry.last or sequence >= expired[entry.name]):
                    yield Root(entry.name, _id(value, entry.name), f"@{{step {sequence}}}", is_head=False)


def _id(value: bytes, name: str) -> Oid:
    # Damage may leave another type than the one that was written.
    if type(value) is not bytes or len(value) != _OID:
        raise CorruptObject(None, f"{name} names no object")
    return Oid(value)
