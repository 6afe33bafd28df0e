"""Taking settings over from a text: what it says becomes changes of a draft."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from objstore.errors import InvalidSetting
from objstore.settings.declared import Declared
from objstore.settings.draft import SettingsDraft
from objstore.settings.environment import read_text
from objstore.settings.secret import Secret
from objstore.settings.text.items import Read, Reference, Worded


class Imported(NamedTuple):
    """What an import did: the keys that it set and unset, and the secrets that it named and that are not here."""

    set: list[str]
    unset: list[str]
    missing: list[str]


def take_over(
    draft: SettingsDraft,
    items: Mapping[str, Read],
    there: Mapping[str, Any],
    declared: Declared,
    *,
    secrets: Collection[str],
    replace: bool,
) -> Imported:
    """Put what was read into a draft on settings that hold `there`. InvalidSetting, InvalidValue.

    A name of a secret leaves the secret as it is. `secrets`: keys whose texts are sealed. `replace`: what is not named
    is unset.
    """
    unknown = set(secrets) - items.keys()
    if unknown:
        raise InvalidSetting(min(unknown), "is to be sealed, but is not in the text")
    done = Imported([], [key for key in there if key not in items] if replace else [], [])
    for key in done.unset:
        draft.unset(key)
    for key, item in items.items():
        if isinstance(item, Reference):
            if item.key != key:
                raise InvalidSetting(key, f"names the secret of another key, {item.key}")
            if not isinstance(there.get(key), Secret):
                done.missing.append(key)
            continue
        value = _value(key, item, declared, key in secrets)
        if key in secrets:
            draft.set_secret(key, Secret(value, key))  # pyright: ignore[reportArgumentType] - it judges that
        else:
            draft.set(key, value)
        done.set.append(key)
    return done


def _value(key: str, item: Read, declared: Declared, secret: bool) -> object:
    if not isinstance(item, Worded):
        return item
    if secret:
        return item.text
    return declared.read(key, item.text, item.name) if key in declared.keys else read_text(item.text)
