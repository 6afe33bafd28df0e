"""What an object names: the ids of other objects in its payload. Reachability is made of this and of nothing else.

An event or a blob names nothing.
"""

from __future__ import annotations

import struct
from typing import cast

from objstore.errors import CorruptObject
from objstore.objects.chunk_list import decode_chunk_list
from objstore.objects.codec import decode_fields
from objstore.objects.commits import MAX_COMMIT_BYTES
from objstore.objects.event_index import node_children
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import MAX_TAG_BYTES

LEAVES = frozenset({Kind.EVENT, Kind.BLOB})
"""Kinds that name no other object."""

_OID = 32
_TREE_HEAD = struct.Struct("<BBHH")  # format, level, items, bytes that the keys share
_TREE_FORMAT = 1
_COMMIT_FIELDS = 16
_PARENTS, _JUMP, _EVENT, _INDEX, _FILES, _SETTINGS = 1, 4, 9, 11, 12, 13
_TARGET = 1


def references(kind: Kind, payload: bytes) -> list[Oid]:
    """The ids of all objects that this one names. CorruptObject: it is not what its kind says.

    Less is checked than a decoder checks: whatever decodes is read rightly here, and what does not is either refused
    or read as naming more.
    """
    if kind in LEAVES:
        return []
    if kind is Kind.COMMIT:
        return _of_commit(payload)
    if kind is Kind.TREE:
        return _of_tree(payload)
    if kind is Kind.INDEX:
        return node_children(payload)[1]
    if kind is Kind.CHUNKS:
        return [oid for oid, _ in decode_chunk_list(payload).pieces()]
    return _ids([decode_fields(payload, MAX_TAG_BYTES)[_TARGET]])


def kept_by(kind: Kind, payload: bytes) -> list[Oid]:
    """The ids that matter for what an object keeps: as `references`, without what is reached by its parents anyway,
    the jump pointer of a commit and the commits in a leaf of an event index. CorruptObject as there.

    Where a history was squashed these lead behind the boundary, and must not keep what is there.
    """
    if kind is Kind.INDEX:
        level, children = node_children(payload)
        return children if level else []
    return _of_commit(payload, jump=False) if kind is Kind.COMMIT else references(kind, payload)


def _of_commit(payload: bytes, *, jump: bool = True) -> list[Oid]:
    fields = decode_fields(payload, MAX_COMMIT_BYTES)
    if len(fields) != _COMMIT_FIELDS:
        raise CorruptObject(None, "a commit of an unknown format")
    parents = fields[_PARENTS]
    if type(parents) is not list:
        raise CorruptObject(None, "a commit without a list of parents")
    first = [fields[_JUMP], *parents] if jump else parents
    return _ids([*first, *(fields[at] for at in (_SETTINGS, _FILES, _INDEX, _EVENT))])


def _of_tree(payload: bytes) -> list[Oid]:
    if len(payload) < _TREE_HEAD.size or payload[0] != _TREE_FORMAT:
        raise CorruptObject(None, "a tree node of an unknown format")
    count = _TREE_HEAD.unpack_from(payload)[2]
    start = len(payload) - _OID * count
    if start < _TREE_HEAD.size:
        raise CorruptObject(None, "a tree node is shorter than it says")
    return [Oid(payload[at : at + _OID]) for at in range(start, len(payload), _OID)]


def _ids(fields: list[object]) -> list[Oid]:
    found = [field for field in fields if field is not None]
    if not all(type(field) is bytes and len(field) == _OID for field in found):
        raise CorruptObject(None, "something else where an id should be")
    return cast("list[Oid]", found)
