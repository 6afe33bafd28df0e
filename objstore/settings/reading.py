"""What can be asked of settings as a whole, wherever they stand: a moment, a head, a chain of scopes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from objstore.settings.declared import Declared
from objstore.settings.environment import Environment
from objstore.settings.resolved import Around, Layer, Resolved, resolve
from objstore.settings.secret import Secret
from objstore.settings.text.items import Item, Reference

if TYPE_CHECKING:
    from objstore.settings.text.formats import Format


class ReadSettings(ABC):
    """Settings that can be resolved, made into a model and written as text."""

    _declared: Declared

    @abstractmethod
    def layer(self) -> Layer:
        """The values with their sources, as a layer of several."""

    def values(self) -> dict[str, Any]:
        """All keys with their values, by key; secrets as `Secret`."""
        return {key: found.value for key, found in self.layer().fresh().items()}

    def resolve(
        self,
        defaults: Mapping[str, object] | None = None,
        *,
        env_prefix: str | None = None,
        overrides: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> dict[str, Resolved]:
        """One value per key, and where it came from: defaults < stored < environment < overrides.

        With `env_prefix` "APP_" the key llm.model is asked for as APP_LLM__MODEL or APP_LLM_MODEL (`environ` stands in
        for the process's own); its text is read as JSON unless the value that it replaces is text, or it is no JSON.
        With a schema its defaults come first, and a variable's text is read as the declared type: InvalidSetting.
        """
        environment = None if env_prefix is None else Environment(env_prefix, environ)
        return resolve(self.layer(), Around(self._declared, defaults or {}, environment, overrides or {}))

    def model(
        self,
        defaults: Mapping[str, object] | None = None,
        *,
        env_prefix: str | None = None,
        overrides: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Any:
        """What `resolve` gives, as an instance of the schema that the settings were opened with.

        InvalidSetting: a value is missing or is refused, with its key. TypeError: they were opened without a schema.
        """
        found = self.resolve(defaults, env_prefix=env_prefix, overrides=overrides, environ=environ)
        return self._declared.build({key: each.value for key, each in found.items()})

    def export_text(self, format: Format, *, prefix: str = "", reveal: bool = False) -> str:  # noqa: A002 - what it is
        """All settings as "toml", "json", "yaml" or "env"; `prefix` stands before the names of variables.

        Secrets are named, not copied, unless `reveal`. InvalidSetting: a key that the format cannot hold.
        """
        items: dict[str, Item] = {}
        for key, value in self.values().items():
            if isinstance(value, Secret):
                items[key] = value.reveal() if reveal else Reference(key)
            else:
                items[key] = value
        from objstore.settings.text.formats import encode_text

        return encode_text(items, format, prefix)
