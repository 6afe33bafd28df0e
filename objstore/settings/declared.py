"""What a schema tells about settings, whatever it is made of. The one there is: `schema.ModelSchema`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from objstore.objects.values import JsonValue


class Declared(Protocol):
    """Declared keys with their types, defaults, and which of them are secrets."""

    @property
    def keys(self) -> Collection[str]:
        """Every declared key."""
        ...

    @property
    def secrets(self) -> frozenset[str]:
        """The keys whose values are secrets."""
        ...

    @property
    def defaults(self) -> Mapping[str, JsonValue]:
        """Default values by key, of the keys that have one; a secret's is its text."""
        ...

    def checked(self, key: str, value: object) -> JsonValue:
        """The value as it is to be stored. InvalidSetting: the key is not declared, or the value not of its type."""
        ...

    def read(self, key: str, text: str, variable: str) -> JsonValue:
        """The value that a variable's text means. InvalidSetting, which names key and variable."""
        ...

    def build(self, values: Mapping[str, object]) -> Any:
        """The whole that resolved values by key make. InvalidSetting, which names the keys at fault."""
        ...


class Undeclared:
    """No schema: every key may be set to any value. Implements `Declared`."""

    keys: Collection[str] = ()
    secrets: frozenset[str] = frozenset()
    defaults: Mapping[str, JsonValue] = {}

    def checked(self, key: str, value: object) -> JsonValue:  # noqa: ARG002 - the protocol's signature
        """The value itself; encoding it judges it."""
        return value  # pyright: ignore[reportReturnType]

    def read(self, key: str, text: str, variable: str) -> JsonValue:
        """Never called: no key is declared."""
        raise NotImplementedError(key, variable)

    def build(self, values: Mapping[str, object]) -> Any:
        """TypeError: there is no whole without a schema."""
        raise TypeError(f"these {len(values)} settings have no schema: open them with schema=…")


UNDECLARED = Undeclared()
