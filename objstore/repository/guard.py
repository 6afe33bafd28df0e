"""What a write may demand beside its own ref: that another ref still is as its owner left it, in the same transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from objstore.errors import ObjstoreError
from objstore.objects.kinds import Object
from refs.edits import RefEdit


class Guard(Protocol):
    """A ref that is moved along with every write, provided that nobody else moved it."""

    def turn(self) -> AbstractContextManager[object]:
        """Held by one write at a time, from `edit` until `settle`."""
        ...

    def edit(self, objects: list[Object]) -> RefEdit:
        """The edit to make with the write; what it needs is added to `objects`. The error of `lost`."""
        ...

    def settle(self) -> None:
        """The write with the last edit was made."""
        ...

    def lost(self) -> ObjstoreError:
        """The error for a ref that somebody else moved."""
        ...
