"""Whether the refs of a storage may have changed, told without asking them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Versioned(Protocol):
    """A storage that tells cheaply whether its refs may have changed."""

    @property
    def version(self) -> object:
        """Another value after each change of refs by anybody."""
        ...
