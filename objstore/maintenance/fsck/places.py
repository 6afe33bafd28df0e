"""Where a commit is, as people write it: `c1#17`, `files/ws~3`, or an id where no ref leads there by first parents."""

from __future__ import annotations

from typing import NamedTuple

from objstore.objects.commits import Commit
from objstore.objects.kinds import Oid

_BARE = "conversations/"


def short(name: str) -> str:
    """A ref as it is written in a moment: conversations go without their namespace."""
    return name.removeprefix(_BARE)


class Walked(NamedTuple):
    """From where a commit was reached: the ref, what stands behind its name, and its head's place on the chain.

    `top` is None off the chain of first parents, where a merge led.
    """

    ref: str
    suffix: str
    top: int | None

    def moment(self, oid: Oid, commit: Commit) -> str:
        """The moment of a commit that was reached so."""
        if self.top is None:
            return f"{oid.hex()[:16]} (in {self.name})"
        if commit.event is not None and self.ref.startswith(_BARE):
            return f"{self.name}#{commit.events}"
        back = self.top - commit.place
        return f"{self.name}{f'~{back}' if back else ''}"

    def before(self, commit: Commit) -> str:
        """What is behind a parent that cannot be read."""
        if self.top is not None and self.ref.startswith(_BARE):
            return f"{self.name}#{commit.events - (commit.event is not None)} and what came before"
        return f"the history of {self.name}"

    @property
    def name(self) -> str:
        """The ref, with what stands behind it."""
        return short(self.ref) + self.suffix
