"""Settings as they stood at one moment: JSON values under dotted keys."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from objstore.errors import InvalidValue, UnknownSetting
from objstore.objects.codec import decode_value
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import get, scan
from objstore.objects.values import JsonValue
from objstore.repository.about import is_about
from objstore.repository.repository import Repository

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,15}", re.ASCII)
_REQUIRED = object()


class Resolved(NamedTuple):
    """The value that counts for a key, and where it came from: "default", "stored", "environment" or "override"."""

    value: JsonValue
    source: str


def check_setting_key(key: str) -> str:
    """The key, if it is one. InvalidValue."""
    if _KEY.fullmatch(key) is None:
        raise InvalidValue(key, "cannot be a settings key: letters, digits, _ and -, in parts joined by dots")
    return key


class SettingsView:
    """The settings of one commit. Read-only."""

    def __init__(self, repo: Repository, root: Oid | None) -> None:
        self._repo = repo
        self._root = root

    @property
    def root(self) -> Oid | None:
        """The oid of the tree, equal for equal settings."""
        return self._root

    def get(self, key: str, default: object = _REQUIRED) -> JsonValue:
        """The value of a key. UnknownSetting where there is none and no default was given."""
        entry = None if self._root is None else get(self._root, check_setting_key(key).encode(), self._repo.nodes)
        if entry is not None:
            return self._value(entry.oid)
        if default is _REQUIRED:
            raise UnknownSetting(key)
        return default  # pyright: ignore[reportReturnType] - whatever the caller gave

    def __contains__(self, key: str) -> bool:
        return self._root is not None and get(self._root, check_setting_key(key).encode(), self._repo.nodes) is not None

    def __iter__(self) -> Iterator[str]:
        if self._root is not None:
            for key, _ in scan(self._root, self._repo.nodes):
                if not is_about(key):
                    yield key.decode()

    def values(self) -> dict[str, JsonValue]:
        """All keys with their values, by key."""
        if self._root is None:
            return {}
        entries = scan(self._root, self._repo.nodes)
        return {key.decode(): self._value(entry.oid) for key, entry in entries if not is_about(key)}

    def resolve(
        self,
        defaults: Mapping[str, JsonValue] | None = None,
        *,
        env_prefix: str | None = None,
        overrides: Mapping[str, JsonValue] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> dict[str, Resolved]:
        """One value per key, and where it came from: defaults < stored < environment < overrides.

        With `env_prefix` "APP_" the key llm.model is asked for as APP_LLM_MODEL (`environ` stands in for the process's
        own); its text is read as JSON unless the value that it replaces is text, or it is no JSON.
        """
        found = {key: Resolved(copy.deepcopy(value), "default") for key, value in (defaults or {}).items()}
        found |= {key: Resolved(value, "stored") for key, value in self.values().items()}
        if env_prefix is not None:
            variables = os.environ if environ is None else environ
            for key, (value, _) in list(found.items()):
                text = variables.get(env_prefix + re.sub(r"[.-]", "_", key).upper())
                if text is not None:
                    found[key] = Resolved(text if isinstance(value, str) else _read(text), "environment")
        found |= {key: Resolved(copy.deepcopy(value), "override") for key, value in (overrides or {}).items()}
        return dict(sorted(found.items()))

    def _value(self, oid: Oid) -> JsonValue:
        return decode_value(self._repo.payload(oid, Kind.BLOB))


def _read(text: str) -> JsonValue:
    try:
        return json.loads(text)
    except ValueError:
        return text
