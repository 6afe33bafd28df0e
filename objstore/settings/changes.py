"""What changed between two settings trees, with the values; secrets stay masked."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, Literal, NamedTuple

from objstore.objects.kinds import Oid
from objstore.objects.trees import Change, Entry
from objstore.repository.about import is_about
from objstore.repository.diff import diff_trees
from objstore.repository.repository import Repository
from objstore.settings.stored import key_text, read_value


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
"""Stands where a key is not set: None is a value."""


class SettingChange(NamedTuple):
    """A key that changed, with its values before and after; UNSET where it was not set, `Secret` where it was one."""

    key: str
    old: Any
    new: Any

    @property
    def verb(self) -> Literal["set", "changed", "unset"]:
        """What happened to the key."""
        if self.old is UNSET:
            return "set"
        return "unset" if self.new is UNSET else "changed"


def setting_changes(repo: Repository, old: Oid | None, new: Oid | None) -> Iterator[SettingChange]:
    """The changed keys between two trees, in order. MissingObject, CorruptObject."""
    for change in setting_entries(repo, old, new):
        key = key_text(change.key)
        yield SettingChange(key, _value(repo, key, change.old), _value(repo, key, change.new))


def setting_entries(repo: Repository, old: Oid | None, new: Oid | None) -> Iterator[Change]:
    """The changed entries of settings between two trees, in order; what the trees say beside them is left out."""
    if old == new:
        return iter(())
    return (change for change in diff_trees(repo, old, new) if not is_about(change.key))


def _value(repo: Repository, key: str, entry: Entry | None) -> Any:
    return UNSET if entry is None else read_value(repo, key, entry)
