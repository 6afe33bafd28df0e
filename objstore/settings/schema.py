"""Settings as a pydantic model declares them: the only importer of pydantic, loaded when somebody brings a model.

Each field is a key; a field whose type is a model is a group of keys; any other field, whatever it holds, is one key.
A value is checked alone when it is set, and stored as the JSON that its type makes of it. What several fields decide
together (a model's own validators) is asked when the whole is made: `Settings.model`.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    PydanticUserError,
    SecretBytes,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo

from objstore.errors import InvalidSetting, InvalidValue
from objstore.objects.values import JsonValue
from objstore.settings.environment import parse_json
from objstore.settings.keys import SEPARATOR, check_setting_key, groups_above
from objstore.settings.secret import MASK, Secret

M = TypeVar("M", bound=BaseModel)


class _Leaf(NamedTuple):
    """One key: how its values are judged, and whether it is a secret."""

    adapter: TypeAdapter[Any]
    secret: bool


class ModelSchema:
    """The keys of a pydantic model. Implements `Declared`."""

    def __init__(self, model: type[Any]) -> None:
        """TypeError: it is no pydantic model. InvalidSetting: a field that cannot be a key."""
        if not (inspect.isclass(model) and issubclass(model, BaseModel)):
            raise TypeError(f"a schema is a pydantic model, a class made from BaseModel; {model!r} is none")
        self.model: type[BaseModel] = model
        self._leaves: dict[str, _Leaf] = {}
        self._defaults: dict[str, JsonValue] = {}
        self._open_groups: set[str] = set()  # which let any key pass (extra="allow"); "" is the whole
        self._declare(model, "", None)
        self.keys: Collection[str] = self._leaves.keys()
        self.secrets = frozenset(key for key, leaf in self._leaves.items() if leaf.secret)

    @property
    def defaults(self) -> Mapping[str, JsonValue]:
        """The defaults of the fields that have one."""
        return self._defaults

    def checked(self, key: str, value: object) -> JsonValue:
        """The value as JSON, of the declared type. InvalidSetting."""
        leaf = self._leaf(key)
        if leaf is None:
            return cast("JsonValue", value)
        try:
            return _plain(leaf, leaf.adapter.validate_python(value))
        except ValidationError as error:
            raise InvalidSetting(key, _reasons(leaf, error)) from None

    def read(self, key: str, text: str, variable: str) -> JsonValue:
        """The value of a variable's text, read as the declared type: as it stands, or else as JSON. InvalidSetting."""
        leaf = self._leaves[key]
        try:
            return _plain(leaf, leaf.adapter.validate_strings(text))
        except ValidationError as error:
            reason = _reasons(leaf, error)
        try:
            return _plain(leaf, leaf.adapter.validate_python(parse_json(text)))
        except ValidationError as error:
            reason = _reasons(leaf, error)
        except (ValueError, RecursionError):
            pass
        raise InvalidSetting(key, f"{variable} in the environment: {reason}")

    def build(self, values: Mapping[str, object]) -> BaseModel:
        """The model of resolved values by key. InvalidSetting, which names the keys at fault."""
        whole: dict[str, Any] = {}
        revealed: list[str] = []
        for key, value in values.items():
            if key in self._leaves or self._is_open(key):
                *groups, last = key.split(SEPARATOR)
                group = whole
                for name in groups:
                    group = group.setdefault(name, {})
                if isinstance(value, Secret):
                    value = value.reveal()
                    revealed.append(value)
                group[last] = value
        try:
            return self.model.model_validate(whole, by_name=True)
        except ValidationError as error:
            raise self._fault(error, revealed) from None

    def _declare(self, model: type[BaseModel], group: str, given: BaseModel | None) -> None:
        """Note the fields of a model. `given`: the instance that is the default of the group, if there is one."""
        if model.model_config.get("extra") == "allow":
            self._open_groups.add(group)
        for name, field in model.model_fields.items():
            key = group + name
            try:
                check_setting_key(key)
            except InvalidValue as error:
                raise InvalidSetting(key, f"a field of {model.__name__} that {error.reason}") from None
            default = getattr(given, name) if given is not None else _default(field)
            if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
                instance = default if isinstance(default, field.annotation) else None
                self._declare(field.annotation, key + SEPARATOR, instance)
            else:
                self._add(key, field, default)

    def _add(self, key: str, field: FieldInfo, default: object) -> None:
        judged: Any = Annotated[field.annotation, field]  # pyright: ignore[reportInvalidTypeForm] - made at run time
        leaf = _Leaf(_adapter(judged), _is_secret(field.annotation))
        self._leaves[key] = leaf
        if default is not _NONE and not (leaf.secret and default is None):
            self._defaults[key] = _plain(leaf, default)

    def _leaf(self, key: str) -> _Leaf | None:
        """How to judge a key; None where anything goes. InvalidSetting: there is no such key."""
        leaf = self._leaves.get(key)
        if leaf is not None or self._is_open(key):
            return leaf
        below = [name for name in self._leaves if name.startswith(key + SEPARATOR)]
        if below:
            raise InvalidSetting(key, f"is a group in {self.model.__name__}; set its keys: {', '.join(below[:5])}")
        near = difflib.get_close_matches(key, self._leaves, 1)
        meant = f". Did you mean {near[0]}?" if near else ""
        raise InvalidSetting(key, f"is not declared in {self.model.__name__}{meant}")

    def _is_open(self, key: str) -> bool:
        """Whether a key that is not declared may be set: its group lets it, and nothing declared is in the way."""
        if key in self._leaves or any(above in self._leaves for above in groups_above(key)):
            return False
        declared = [group + SEPARATOR for group in groups_above(key) if self._is_group(group + SEPARATOR)]
        return not self._is_group(key + SEPARATOR) and (declared[-1] if declared else "") in self._open_groups

    def _is_group(self, prefix: str) -> bool:
        return any(key.startswith(prefix) for key in self._leaves)

    def _fault(self, error: ValidationError, revealed: Collection[str]) -> InvalidSetting:
        found: dict[str, str] = {}
        for fault in _faults(error):
            reason = fault.reason
            for secret in filter(None, revealed):  # a validator's own words may hold what it was given
                reason = reason.replace(secret, MASK)
            found.setdefault(self._key_of(fault.where), reason)
        key, reason = next(iter(found.items()))
        others = "".join(f"; {other}: {why}" for other, why in list(found.items())[1:])
        return InvalidSetting(key, reason + others)

    def _key_of(self, where: tuple[str | int, ...]) -> str:
        """The key of a fault's place in the model, whose steps may lead on into the value."""
        for end in range(len(where), 0, -1):
            key = SEPARATOR.join(map(str, where[:end]))
            if key in self._leaves:
                return key
        return SEPARATOR.join(map(str, where)) or self.model.__name__


class _Fault(NamedTuple):
    where: tuple[str | int, ...]
    reason: str


def _faults(error: ValidationError) -> Iterator[_Fault]:
    # Without input, context and link: a message must not hold the value, which may be a secret.
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        text = fault["msg"]
        yield _Fault(fault["loc"], text[:1].lower() + text[1:])


def _reasons(leaf: _Leaf, error: ValidationError) -> str:
    if leaf.secret:
        return "the schema refuses it (the reason is not shown: it may hold the secret)"
    texts = [
        f"{SEPARATOR.join(map(str, fault.where))}: {fault.reason}" if fault.where else fault.reason
        for fault in _faults(error)
    ]
    return "; ".join(texts[:3])


_NONE: Any = object()


def _adapter(judged: Any) -> TypeAdapter[Any]:
    """A judge of values, whose JSON keeps what is no number (to be refused then) and does not make it null."""
    try:
        return TypeAdapter(judged, config=ConfigDict(ser_json_inf_nan="constants"))
    except PydanticUserError:  # the type has a configuration of its own
        return TypeAdapter(judged)


def _default(field: FieldInfo) -> Any:
    if field.is_required() or getattr(field, "default_factory_takes_validated_data", False):
        return _NONE
    return field.get_default(call_default_factory=True)


def _is_secret(annotation: Any) -> bool:
    kinds = (annotation, *getattr(annotation, "__args__", ()))
    if any(kind is SecretBytes for kind in kinds):
        raise TypeError("a secret setting is text: SecretStr, not SecretBytes")
    return any(kind is SecretStr for kind in kinds)


def _plain(leaf: _Leaf, value: Any) -> JsonValue:
    """A valid value as JSON; a secret as its text."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return leaf.adapter.dump_python(value, mode="json")
