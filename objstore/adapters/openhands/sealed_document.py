"""A JSON object with secrets in it, as settings: each value a key of its own, each secret sealed.

Which values are secrets is told by a second rendering of the object, in which they are masked: whatever differs is one.
Objects become groups of settings. What cannot be a group (an empty object, one with keys that are no names) and lists
stay one value; if there is a secret in one, its JSON text is sealed as a whole, and its key is noted in `objstore.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple, cast

from objstore.adapters.openhands.state_parts import encode_text
from objstore.errors import StoreLocked, UnknownSetting, UnknownSettings
from objstore.objects.values import JsonValue
from objstore.settings.draft import SettingsDraft
from objstore.settings.secret import Secret
from objstore.settings.settings import Settings
from objstore.settings.view import SettingsView
from objstore.store import Store

_WHOLE: Final = "objstore.json"
_TRIES: Final = 64
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class Flat(NamedTuple):
    """An object as values by dotted key: the plain ones, the secret texts, and the keys of those that are JSON."""

    plain: dict[str, JsonValue]
    secret: dict[str, str]
    whole: list[str]


class SealedDocument:
    """One document: the settings of a name. Safe between threads and processes; each write is a commit."""

    def __init__(self, store: Store, name: str) -> None:
        """`name` is that of the settings; they are made when they are first written."""
        self._store = store
        self.name = name

    def read(self) -> dict[str, JsonValue] | None:
        """The object, secrets opened, its keys in order of their names; None where nothing was written.

        MissingKey, BrokenSeal: a secret cannot be opened here.
        """
        try:
            settings = self._store.settings.open(self.name)
        except UnknownSettings:
            return None
        return _joined(_stored(settings.at("~0")))

    def write(self, value: Mapping[str, JsonValue], masked: Mapping[str, JsonValue]) -> None:
        """Set the object, durably, by what differs. `masked` is the same with every secret hidden.

        UnsafeKeyFolder, DamagedKey: there is no key to seal with.
        """
        new = flatten(value, masked)
        settings = self._store.settings.open(self.name, create=True)
        for _ in range(_TRIES):
            old = _stored(settings.at("~0"))
            with suppress(UnknownSetting), settings.commit(why="store") as draft:  # Another writer unset it meanwhile.
                _change(draft, old, new)
                return
        raise StoreLocked(self._store.place, f"others kept changing the settings {self.name}")

    @property
    def settings(self) -> Settings:
        """The settings behind it, with their history. UnknownSettings: nothing was written."""
        return self._store.settings.open(self.name)


def _change(draft: SettingsDraft, old: Flat, new: Flat) -> None:
    # Also what turns from plain to secret or back: a key is not set from one to the other.
    for key in (old.plain.keys() - new.plain.keys()) | (old.secret.keys() - new.secret.keys()):
        draft.unset(key)
    for key, item in new.plain.items():
        if key not in old.plain or encode_text(old.plain[key]) != encode_text(item):
            draft.set(key, item)
    for key, text in new.secret.items():
        if old.secret.get(key) != text:  # Sealed again, an equal secret would look like a change.
            draft.set_secret(key, text)
    if new.whole != old.whole and new.whole:
        draft.set(_WHOLE, new.whole)
    elif new.whole != old.whole:
        draft.unset(_WHOLE)


def flatten(value: Mapping[str, JsonValue], masked: Mapping[str, JsonValue]) -> Flat:
    """An object as values by dotted key, those that `masked` has otherwise as secrets."""
    flat = Flat({}, {}, [])
    for key, item in value.items():
        if _NAME.fullmatch(key) is None:
            raise ValueError(f"no name for a setting: {key!r}")
        _flatten(key, item, masked.get(key), flat)
    flat.whole.sort()
    return flat


def _flatten(key: str, value: JsonValue, masked: JsonValue, flat: Flat) -> None:
    if isinstance(value, dict) and value and all(map(_NAME.fullmatch, value)):
        hidden = masked if isinstance(masked, dict) else {}
        for name, item in value.items():
            _flatten(f"{key}.{name}", item, hidden.get(name), flat)
    elif value == masked or value is None:
        flat.plain[key] = value
    elif isinstance(value, str):
        flat.secret[key] = value
    else:
        flat.secret[key] = encode_text(value)
        flat.whole.append(key)


def _stored(view: SettingsView) -> Flat:
    flat = Flat({}, {}, [])
    for key, value in view.values().items():
        if isinstance(value, Secret):
            flat.secret[key] = value.reveal()
        elif key == _WHOLE:
            flat.whole.extend(cast("list[str]", value))
        else:
            flat.plain[key] = cast("JsonValue", value)
    return flat


def _joined(flat: Flat) -> dict[str, JsonValue]:
    whole = frozenset(flat.whole)
    found: dict[str, JsonValue] = dict(flat.plain)
    found.update({key: json.loads(text) if key in whole else text for key, text in flat.secret.items()})
    document: dict[str, JsonValue] = {}
    for key in sorted(found):
        *groups, name = key.split(".")
        inner = document
        for group in groups:
            inner = cast("dict[str, JsonValue]", inner.setdefault(group, {}))
        inner[name] = found[key]
    return document
