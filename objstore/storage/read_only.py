"""A storage that cannot be written to: to hand out without fear, whatever is behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NoReturn

from objstore.errors import ReadOnlyStore
from objstore.objects.kinds import Object
from objstore.storage.protocol import Stage
from objstore.storage.wrapper import Wrapper
from refs.edits import Applied, Note, RefEdit
from refs.protocol import NO_CUTS, Cut, LogEntry


class ReadOnly(Wrapper):
    """Reading passes through; whatever begins or makes a write raises ReadOnlyStore. Implements `Storage`."""

    def stage(self) -> Stage:
        """ReadOnlyStore."""
        self._refuse()

    def apply(
        self,
        objects: Sequence[Object],  # noqa: ARG002
        edits: Sequence[RefEdit],  # noqa: ARG002
        note: Note,  # noqa: ARG002
        stage: Stage | None = None,  # noqa: ARG002
    ) -> Applied:
        """ReadOnlyStore, of nothing at all as well."""
        self._refuse()

    def adopt(self, operations: Iterable[tuple[int, Sequence[LogEntry]]], cuts: Mapping[str, Cut] = NO_CUTS) -> int:  # noqa: ARG002 - `Storage`'s
        """ReadOnlyStore."""
        self._refuse()

    def turn(self) -> AbstractContextManager[None]:
        """ReadOnlyStore: a turn would hold up those who may write."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ReadOnlyStore(self.place, "it is used through a read-only view")
