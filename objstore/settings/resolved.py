"""Which value counts: layers of settings, the later over the earlier, each value with its source.

A layer is a settings tree as it stood in one commit of one scope, or several such laid over each other; it is made once
and kept. What a call adds (defaults, environment, overrides) is laid around it. Where one layer has a group and another
a value under the same name, the later layer's shape counts. A secret stays one whatever overrides it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Set
from typing import Any, Final, Literal, NamedTuple, cast

from objstore.objects.codec import decode_value
from objstore.objects.kinds import Oid
from objstore.settings.declared import Declared
from objstore.settings.environment import Environment, read_text
from objstore.settings.keys import groups_above, groups_of
from objstore.settings.secret import Secret
from objstore.settings.stored import Stored

Source = Literal["default", "stored", "environment", "override"]


class Resolved(NamedTuple):
    """The value that counts for a key, and where it came from.

    `scope`: of a stored value the ref ("settings/user", "conversations/c1"), of one from the environment the variable.
    `commit`: of a stored value the scope's commit as it was read; `origin` of the settings finds the one that set it.
    """

    value: Any
    source: Source
    scope: str = ""
    commit: Oid | None = None


Values = dict[str, Resolved]


class Layer(NamedTuple):
    """Stored values by key, in order, with their sources. Of `encoded` ones the value must not be given away."""

    values: Values
    encoded: dict[str, bytes]
    groups: frozenset[str]  # with those of keys that gave way: what they shadowed in earlier layers stays so
    leaves: Set[str]  # likewise
    secrets: frozenset[str]

    def fresh(self) -> Values:
        """The values, to be given away."""
        found = dict(self.values)
        for key, data in self.encoded.items():
            found[key] = found[key]._replace(value=decode_value(data))
        return found


NO_LAYER: Final = Layer({}, {}, frozenset(), frozenset(), frozenset())


def layer_of(stored: Stored, scope: str, commit: Oid | None) -> Layer:
    """The layer that a scope's tree makes."""
    values = {key: Resolved(value, "stored", scope, commit) for key, value in stored.values.items()}
    secrets = frozenset(key for key, value in stored.values.items() if isinstance(value, Secret))
    return Layer(values, stored.encoded, stored.groups, stored.values.keys(), secrets)


def over(lower: Layer, upper: Layer) -> Layer:
    """Two layers as one."""
    if not lower.values:
        return upper
    values = lay(lower.values, upper.values, upper.groups, upper.leaves)
    encoded = {key: data for key, data in lower.encoded.items() if key in values and key not in upper.values}
    secrets = (lower.secrets | upper.secrets) & values.keys()
    groups, leaves = lower.groups | upper.groups, lower.leaves | upper.leaves
    return Layer(values, encoded | upper.encoded, groups, leaves, frozenset(secrets))


def lay(lower: Values, upper: Values, groups: Set[str], leaves: Set[str]) -> Values:
    """Values under others whose shape is `groups` and `leaves`, in the order of keys; both come in that order."""
    if len(lower) <= len(upper) and lower.keys() <= upper.keys():
        return upper.copy()
    found = {**lower, **upper}
    for key in lower.keys() - upper.keys():
        if key in groups or any(group in leaves for group in groups_above(key)):
            del found[key]
    return found if upper.keys() <= lower.keys() else dict(sorted(found.items()))


class Around(NamedTuple):
    """What a call of `resolve` lays around the stored values."""

    declared: Declared
    defaults: Mapping[str, object]
    environment: Environment | None
    overrides: Mapping[str, object]


def resolve(layer: Layer, around: Around) -> Values:
    """One value per key, in the order of keys. InvalidSetting: a variable's text is not of the declared type."""
    declared = around.declared
    secrets = layer.secrets | declared.secrets
    found = layer.fresh()
    if around.defaults or declared.defaults:
        found = lay(
            _given({**declared.defaults, **around.defaults}, "default", secrets), found, layer.groups, layer.leaves
        )
    if around.environment is not None:
        found = _surrounded(found, around.environment, declared, secrets)
    if around.overrides:
        upper = _given(around.overrides, "override", secrets)
        found = lay(found, upper, groups_of(upper), upper.keys())
    return found


def _given(values: Mapping[str, object], source: Source, secrets: frozenset[str]) -> Values:
    given: Values = {}
    for key in sorted(values):
        value = values[key]
        if isinstance(value, list | dict):
            value = copy.deepcopy(cast("object", value))
        given[key] = Resolved(_guarded(key, value, secrets), source)
    return given


def _surrounded(found: Values, environment: Environment, declared: Declared, secrets: frozenset[str]) -> Values:
    """The values with those that the environment has in their place."""
    upper: Values = {}
    for key, (variable, text) in environment.of(found.keys() | declared.keys if declared.keys else found).items():
        if key in declared.keys:
            value: object = declared.read(key, text, variable)
        elif key in secrets or isinstance(found[key].value, str):
            value = text
        else:
            value = read_text(text)
        upper[key] = Resolved(_guarded(key, value, secrets), "environment", variable)
    return lay(found, dict(sorted(upper.items())), groups_of(upper), upper.keys()) if upper else found


def _guarded(key: str, value: object, secrets: frozenset[str]) -> object:
    return Secret(value, key) if key in secrets and isinstance(value, str) else value
