"""Settings as they stood at one moment: JSON values and secrets under dotted keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, overload

from objstore.errors import UnknownSetting
from objstore.objects.kinds import Oid
from objstore.objects.trees import get, scan
from objstore.repository.about import is_about
from objstore.repository.repository import Repository
from objstore.settings.declared import UNDECLARED, Declared
from objstore.settings.keys import check_setting_key
from objstore.settings.reading import ReadSettings
from objstore.settings.resolved import Layer, layer_of
from objstore.settings.stored import key_text, read_value, stored_values
from objstore.settings.typed import as_kind

T = TypeVar("T")

REQUIRED: Any = object()
"""Stands for a default that was not given."""


class SettingsView(ReadSettings):
    """The settings of one commit. Read-only."""

    def __init__(
        self,
        repo: Repository,
        root: Oid | None,
        *,
        scope: str = "",
        commit: Oid | None = None,
        declared: Declared = UNDECLARED,
    ) -> None:
        self._repo = repo
        self._root = root
        self._scope = scope
        self._commit = commit
        self._declared = declared

    @property
    def root(self) -> Oid | None:
        """The oid of the tree, equal for equal settings."""
        return self._root

    @overload
    def get(self, key: str, default: object = ..., *, kind: None = ...) -> Any: ...
    @overload
    def get(self, key: str, default: object = ..., *, kind: type[T]) -> T: ...
    def get(self, key: str, default: Any = REQUIRED, *, kind: type[Any] | None = None) -> Any:
        """The value of a key, a `Secret` where it is one; the default where there is none and one was given.

        UnknownSetting; InvalidSetting: the value is not of the type `kind`. CorruptObject, MissingObject.
        """
        name = check_setting_key(key).encode()
        entry = None if self._root is None else get(self._root, name, self._repo.nodes)
        if entry is None:
            if default is REQUIRED:
                raise UnknownSetting(key)
            return default
        value = read_value(self._repo, key, entry)
        return value if kind is None else as_kind(key, value, kind)

    def __contains__(self, key: str) -> bool:
        name = check_setting_key(key).encode()
        return self._root is not None and get(self._root, name, self._repo.nodes) is not None

    def __iter__(self) -> Iterator[str]:
        if self._root is not None:
            for key, _ in scan(self._root, self._repo.nodes):
                if not is_about(key):
                    yield key_text(key)

    def layer(self) -> Layer:
        """The settings as a layer of several."""
        return layer_of(stored_values(self._repo).load(self._repo, self._root), self._scope, self._commit)
