"""What a write relies on: objects that it names and does not bring along.

A collector may have deleted them since they were looked at, so a storage that anything was ever deleted from asks for
them again inside the write, and refuses a write that would leave a ref or an object naming what is gone. What the
expected value of an edit reaches need not be asked for: the comparison proves that a ref keeps it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from objstore.errors import CorruptObject
from objstore.objects.kinds import Object, Oid
from objstore.objects.references import kept_by
from refs.edits import RefEdit

_OID = 32


def relied_on(objects: Iterable[Object], edits: Iterable[RefEdit], brought: Container[Oid]) -> Iterator[Oid]:
    """The ids that objects and edits name, but for those brought along and those that an edit expects."""
    expected = {edit.expected for edit in edits if isinstance(edit.expected, bytes)}
    for edit in edits:
        if edit.new is not None and len(edit.new) == _OID and edit.new not in expected:
            oid = Oid(edit.new)
            if oid not in brought:
                yield oid
    for obj in objects:
        try:
            named = kept_by(obj.kind, obj.payload)
        except CorruptObject:  # bytes that are not what their kind says: they name nothing that anybody could follow
            continue
        for oid in named:
            if oid not in brought and oid not in expected:
                yield oid
