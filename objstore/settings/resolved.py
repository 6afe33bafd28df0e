"""Which value counts: layers of settings, the later over the earlier, each value with its source.

A layer is a settings tree as it stood in one commit of one scope, or several such laid over each other; it is made once
and kept. What a call adds (defaults, environment, overrides) is laid around it. Where one layer has a group and another
a value under the same name, the later layer's shape counts. A secret stays one whatever overrides it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, cast

from objstore.objects.codec import decode_value
from objstore.objects.kinds import Oid
from objstore.settings.declared import Declared
from objstore.settings.environment import Environment, Names, names_of, read_text
from objstore.settings.keys import SEPARATOR, groups_above, groups_of
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

_FEW = 16
_CONTAINERS = (list, dict)


class Layer:
    """Stored values by key, in order, with their sources. Of `encoded` ones the value must not be given away."""

    def __init__(
        self,
        values: Values,
        encoded: dict[str, bytes],
        groups: frozenset[str],
        leaves: Set[str],
        secrets: frozenset[str],
    ) -> None:
        """`groups` and `leaves` with those of keys that gave way: what they shadowed in earlier layers stays so."""
        self.values: Final = values
        self.encoded: Final = encoded
        self.groups: Final = groups
        self.leaves: Final = leaves
        self.secrets: Final = secrets

    @cached_property
    def names(self) -> Names:
        """The variables that are asked for the keys."""
        return names_of(self.values)

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


def lay_few(lower: Values, upper: Values) -> Values:
    """As `lay`, in the time of what is new where that is little."""
    fresh = [key for key in upper if key not in lower]
    if not fresh:
        return {**lower, **upper}
    if len(fresh) > _FEW:
        return lay(lower, upper, groups_of(upper), upper.keys())
    found = {**lower, **upper}
    below = tuple(key + SEPARATOR for key in fresh)
    for key in [key for key in lower if key.startswith(below)]:
        found.pop(key)
    for group in groups_of(fresh):
        if group not in upper:
            found.pop(group, None)
    return dict(sorted(found.items()))


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
    defaults = {**declared.defaults, **around.defaults} if declared.defaults else around.defaults
    wanted = defaults.keys() - found.keys()  # all others are covered
    if wanted:
        lower = _given({key: defaults[key] for key in wanted}, "default", secrets)
        found = lay(lower, found, layer.groups, layer.leaves)
    if around.environment is not None:
        names = [layer.names]
        if wanted or declared.keys:
            names.append(names_of((found.keys() | declared.keys) - layer.values.keys()))
        found = lay_few(found, _surrounding(found, around.environment.of(*names), declared, secrets))
    if around.overrides:
        found = lay_few(found, _given(around.overrides, "override", secrets))
    return found


def _given(values: Mapping[str, object], source: Source, secrets: frozenset[str]) -> Values:
    given: Values = {}
    for key in sorted(values):
        value = values[key]
        if isinstance(value, _CONTAINERS):
            value = copy.deepcopy(cast("object", value))
        given[key] = Resolved(_guarded(key, value, secrets), source)
    return given


def _surrounding(
    found: Values, variables: Mapping[str, tuple[str, str]], declared: Declared, secrets: frozenset[str]
) -> Values:
    """The values of variables by key, each read as what it replaces or is declared to be."""
    upper: Values = {}
    for key in sorted(variables):
        variable, text = variables[key]
        there = found.get(key)
        if key in declared.keys:
            value: object = declared.read(key, text, variable)
        elif there is None:
            continue  # a default that gave way to a group, or the other way round
        elif key in secrets or isinstance(there.value, str):
            value = text
        else:
            value = read_text(text)
        upper[key] = Resolved(_guarded(key, value, secrets), "environment", variable)
    return upper


def _guarded(key: str, value: object, secrets: frozenset[str]) -> object:
    return Secret(value, key) if key in secrets and isinstance(value, str) else value
