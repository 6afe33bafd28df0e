"""The values of one settings tree, decoded once: a tree is immutable, so are they. A newer tree costs what changed.

Values that could be changed by who gets them (lists, dicts) are kept encoded and decoded afresh each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from objstore.errors import CorruptObject
from objstore.objects.codec import decode_value
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import Entry
from objstore.objects.values import JsonValue
from objstore.repository.about import JSON_MODE, is_about
from objstore.repository.diff import diff_trees
from objstore.repository.repository import Repository, expect
from objstore.settings.keys import groups_of
from objstore.settings.secret import Secret

VALUE: Final = JSON_MODE
"""The mode of an entry whose blob is one encoded JSON value."""
SECRET: Final = 2
"""The mode of an entry whose blob is a sealed text."""

SettingValue: TypeAlias = "JsonValue | Secret"

_KEYS_KEPT = 50_000


class Stored(NamedTuple):
    """The values of a tree by key, in order. Of `encoded` ones the value in `values` must not be given away."""

    values: dict[str, SettingValue]
    encoded: dict[str, bytes]
    groups: frozenset[str]

    def items(self) -> Iterator[tuple[str, SettingValue]]:
        """Keys with their values, fresh."""
        for key, value in self.values.items():
            data = self.encoded.get(key)
            yield key, value if data is None else decode_value(data)


EMPTY: Final = Stored({}, {}, frozenset())


class StoredValues:
    """What was decoded lately of one repository, by tree. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trees: OrderedDict[Oid, Stored] = OrderedDict()
        self._held = 0

    def known(self, root: Oid) -> Stored | None:
        """The values of a tree, if they are at hand."""
        return self._trees.get(root)

    def load(self, repo: Repository, root: Oid | None, near: Oid | None = None) -> Stored:
        """The values of a tree. `near`: one that it differs little from. MissingObject, CorruptObject."""
        if root is None:
            return EMPTY
        stored = self._trees.get(root)
        if stored is None:
            before = EMPTY if near is None else self._trees.get(near, EMPTY)
            stored = _changed(repo, before, None if before is EMPTY else near, root)
            self._keep(root, stored)
        return stored

    def _keep(self, root: Oid, stored: Stored) -> None:
        with self._lock:
            if root not in self._trees:
                self._trees[root] = stored
                self._held += len(stored.values)
            while self._held > _KEYS_KEPT and len(self._trees) > 1:
                self._held -= len(self._trees.popitem(last=False)[1].values)


_of_repository: WeakKeyDictionary[Repository, StoredValues] = WeakKeyDictionary()
_lock = threading.Lock()


def stored_values(repo: Repository) -> StoredValues:
    """What is at hand of a repository."""
    with _lock:
        found = _of_repository.get(repo)
        if found is None:
            found = _of_repository[repo] = StoredValues()
        return found


def read_value(repo: Repository, key: str, entry: Entry) -> SettingValue:
    """One value, fresh. CorruptObject."""
    return _decode(repo, key, entry.mode, repo.payload(entry.oid, Kind.BLOB))


def key_text(key: bytes) -> str:
    """A tree's key as text. CorruptObject: no writer makes such a key."""
    try:
        return key.decode("ascii")
    except UnicodeDecodeError:
        raise CorruptObject(None, f"a settings tree with the key {key!r}") from None


def _decode(repo: Repository, key: str, mode: int, data: bytes) -> SettingValue:
    if mode == VALUE:
        return decode_value(data)
    if mode == SECRET:
        return Secret.sealed(key, data, repo.keys)
    raise CorruptObject(None, f"the setting {key} is of a kind ({mode}) that is unknown here")


def _changed(repo: Repository, before: Stored, old: Oid | None, new: Oid) -> Stored:
    """The values of the tree `new`, out of those of `old`."""
    values, encoded = dict(before.values), dict(before.encoded)
    fresh: list[tuple[str, Entry]] = []
    for change in diff_trees(repo, old, new):
        if is_about(change.key):
            continue
        key = key_text(change.key)
        encoded.pop(key, None)
        if change.new is None:
            del values[key]
        else:
            fresh.append((key, change.new))
    same_keys = all(key in values for key, _ in fresh) and len(values) == len(before.values)
    for (key, entry), data in zip(fresh, _payloads(repo, fresh), strict=True):
        value = values[key] = _decode(repo, key, entry.mode, data)
        if isinstance(value, list | dict):
            encoded[key] = data
    if same_keys:
        return Stored(values, encoded, before.groups)
    return Stored(dict(sorted(values.items())), encoded, groups_of(values))


def _payloads(repo: Repository, entries: Iterable[tuple[str, Entry]]) -> Iterator[bytes]:
    for obj in repo.storage.read_many([entry.oid for _, entry in entries]):
        yield expect(obj, Kind.BLOB)
