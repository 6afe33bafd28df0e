"""What whoever asks may do: the seam between the sync protocol and tokens, grants and audit, which are not its business."""

from __future__ import annotations

from typing import Literal, Protocol

Verb = Literal["create", "append", "force", "delete"]
"""A ref that is new; that moves forward; that moves elsewhere; that goes away."""


class Access(Protocol):
    """The rights of one principal on one store. Asked for every ref of every request, so it should be quick."""

    @property
    def scope(self) -> str:
        """Who it is, for keeping unfinished transfers apart and for the log of refs."""
        ...

    def can_read(self, name: str) -> bool:
        """Whether a ref may be listed, and what it reaches be fetched. One that may not looks as if it were not there."""
        ...

    def can_move(self, name: str, verb: Verb) -> bool:
        """Whether a ref may be moved so."""
        ...

    def denied(self, name: str, verb: str) -> None:
        """Told of each request that was refused for want of a right ("read" or a `Verb`), for the log."""
        ...


class Owner:
    """Whoever may do everything: the owner of a folder, at the other end of a pipe. Implements `Access`."""

    def __init__(self, scope: str = "owner") -> None:
        self.scope = scope

    def can_read(self, name: str) -> bool:  # noqa: ARG002 - `Access`'s
        """True."""
        return True

    def can_move(self, name: str, verb: Verb) -> bool:  # noqa: ARG002 - `Access`'s
        """True."""
        return True

    def denied(self, name: str, verb: str) -> None:
        """Never called."""
