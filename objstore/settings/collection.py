"""All settings of a store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from objstore.errors import SettingsExist, UnknownSettings
from objstore.repository.collection import Collection
from objstore.repository.repository import Repository
from objstore.settings.chain import Chain
from objstore.settings.settings import Settings
from refs.name import check_name


class SettingsCollection(Collection[Settings]):
    """Settings by name."""

    def __init__(self, repo: Repository) -> None:
        super().__init__(repo, "settings", Settings, UnknownSettings, SettingsExist)

    def open(self, name: str, *, create: bool = False, schema: type[Any] | None = None) -> Settings:
        """The settings of this name; `create` makes them where there are none. UnknownSettings, InvalidRefName.

        `schema`: a pydantic model that says which keys there are (see `Settings.with_schema`). InvalidSetting.
        """
        found = super().open(name, create=create)
        return found if schema is None else found.with_schema(schema)

    def chain(self, *scopes: str | Settings, schema: type[Any] | None = None) -> Chain:
        """Scopes read as one, the general ones first: `chain("global", "user", "project/x", conv.settings)`.

        A name that has no settings yet counts as empty. InvalidRefName; InvalidSetting: the schema's.
        """
        opened = [Settings(self._branch(scope)) if isinstance(scope, str) else scope for scope in scopes]
        for scope in opened:
            check_name(scope.scope)
        if schema is None:
            return Chain(opened)
        from objstore.settings.schema import ModelSchema

        return Chain(opened, ModelSchema(schema))

    def find(self, prefix: str = "", *, limit: int | None = None) -> Iterator[str]:
        """Names that begin with `prefix`, in order, at most `limit`."""
        return (name for name, _ in self.heads(prefix, limit=limit))
