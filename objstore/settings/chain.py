"""Settings that inherit: a chain of scopes, the general ones first, each later one over those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, overload

from objstore.errors import UnknownSetting
from objstore.repository.commit import CommitInfo
from objstore.settings.declared import UNDECLARED, Declared
from objstore.settings.keys import check_setting_key
from objstore.settings.reading import ReadSettings
from objstore.settings.resolved import NO_LAYER, Layer, over
from objstore.settings.settings import Settings
from objstore.settings.typed import as_kind
from objstore.settings.view import REQUIRED

T = TypeVar("T")


class Chain(ReadSettings):
    """Several scopes read as one, live. A scope that is not there counts as empty, and counts once it is made.

    Read-only: what is set is set in one of the scopes. Safe between threads.
    """

    def __init__(self, scopes: Sequence[Settings], declared: Declared = UNDECLARED) -> None:
        """`scopes`: from the most general to the most special one."""
        self.scopes = tuple(scopes)
        self._declared = declared
        self._made: tuple[list[Layer], Layer] | None = None

    @overload
    def get(self, key: str, default: object = ..., *, kind: None = ...) -> Any: ...
    @overload
    def get(self, key: str, default: object = ..., *, kind: type[T]) -> T: ...
    def get(self, key: str, default: Any = REQUIRED, *, kind: type[Any] | None = None) -> Any:
        """The value of the last scope that has the key. UnknownSetting; InvalidSetting: it is not of the type `kind`."""
        found = self.layer().fresh().get(check_setting_key(key))
        if found is None:
            if default is REQUIRED:
                raise UnknownSetting(key)
            return default
        return found.value if kind is None else as_kind(key, found.value, kind)

    def __contains__(self, key: str) -> bool:
        return check_setting_key(key) in self.layer().values

    def __iter__(self) -> Iterator[str]:
        return iter(self.layer().values)

    def origin(self, key: str) -> tuple[Settings, CommitInfo]:
        """The scope that the value of a key comes from, and the commit there that set it. UnknownSetting."""
        found = self.layer().values.get(check_setting_key(key))
        if found is None:
            raise UnknownSetting(key)
        scope = next(each for each in reversed(self.scopes) if each.scope == found.scope)
        return scope, scope.origin(key)

    def layer(self) -> Layer:
        """All scopes as one layer."""
        layers = [scope.layer_if_any() for scope in self.scopes]
        made = self._made
        # Layers are kept by their scopes and never changed: the same ones mean that nothing moved.
        if made is not None and all(a is b for a, b in zip(made[0], layers, strict=True)):
            return made[1]
        whole = NO_LAYER
        for layer in layers:
            whole = over(whole, layer)
        self._made = layers, whole
        return whole
