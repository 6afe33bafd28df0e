"""What a check finds: one fault as a typed value, with every object, ref, event and file that it touches."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject

_MOST_PLACES = 100


class Fault(StrEnum):
    """The kinds of findings. The words are what `--json` says and do not change."""

    MISSING = "missing"
    """An object that something names is not there."""
    CORRUPT = "corrupt"
    """An object is there and is not what its id, its kind or its codec says."""
    HISTORY = "history"
    """A commit's generation, place, jump, events or event index do not fit its parents'."""
    TREE = "tree"
    """A tree is not cut, ordered or counted as its content says."""
    PATH = "path"
    """A file has a path that no tree may have."""
    REF = "ref"
    """A ref or its log is damaged, or names what no ref may name."""
    REDACTION = "redaction"
    """An event that was redacted is there all the same."""
    PACK = "pack"
    """A pack file is damaged or missing."""
    INDEX = "index"
    """A pack's index is damaged or missing; repair makes it again."""
    JOURNAL = "journal"
    """The journal or one of its rows is damaged."""
    STORE = "store"
    """The store as a whole: its marker, or files that belong to it."""


class Finding(NamedTuple):
    """One fault. `oid` is in hex ("" where none is known), `file` a path within the store ("" where it is no file's).

    `where` names what is touched, as people write it: `c1#17` (after that event), `c1#17:src/a.py`, `settings/user~2`.
    It is empty where no ref needs the object.
    """

    fault: Fault
    reason: str
    oid: str = ""
    file: str = ""
    where: tuple[str, ...] = ()

    def words(self) -> str:
        """The finding in a line."""
        what = ", ".join(self.where) or self.file or (f"object {self.oid[:16]}" if self.oid else "the store")
        object_ = f" [{self.oid[:16]}]" if self.oid and self.where else ""
        return f"{what}: {self.reason}{object_}"

    def facts(self) -> dict[str, object]:
        """The finding for programs."""
        return {
            "fault": str(self.fault),
            "reason": self.reason,
            "oid": self.oid,
            "file": self.file,
            "where": list(self.where),
        }


class Findings:
    """Findings as they come in. Those about one object become one, with all the places that it touches."""

    def __init__(self) -> None:
        self._list: list[Finding] = []
        self._of_object: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._list)

    def since(self, count: int) -> list[Finding]:
        """What came in after the first `count`."""
        return self._list[count:]

    def touch(self, oid: str, where: str) -> None:
        """Add a place to the finding about an object (in hex)."""
        number = self._of_object[oid]
        known = self._list[number]
        if len(known.where) < _MOST_PLACES and where not in known.where:
            self._list[number] = known._replace(where=(*known.where, where))

    def add(self, fault: Fault, reason: str, *, oid: bytes | None = None, file: str = "", where: str = "") -> None:
        """Note a fault."""
        hexed = "" if oid is None else oid.hex()
        places = (where,) if where else ()
        number = self._of_object.get(hexed) if hexed else None
        if number is None:
            if hexed:
                self._of_object[hexed] = len(self._list)
            self._list.append(Finding(fault, reason, hexed, file, places))
            return
        if where:
            self.touch(hexed, where)


def fault_of(error: MissingObject | CorruptObject) -> tuple[Fault, str]:
    """The kind and the words of a finding about an object that could not be read."""
    if isinstance(error, MissingObject):
        return Fault.MISSING, "the object is missing"
    return Fault.CORRUPT, error.reason
