"""Settings and their views, drafts, chains and keys, awaited."""

from __future__ import annotations

from typing import Any

from objstore.aio.face import Awaited, Block, Face, Streamed
from objstore.repository.commit import CommitInfo
from objstore.repository.merge_trees import Side
from objstore.repository.moments import When
from objstore.settings.chain import Chain
from objstore.settings.draft import SettingsDraft
from objstore.settings.secret_keys import SecretKeys
from objstore.settings.settings import Settings
from objstore.settings.view import SettingsView


class AsyncSettingsView(Face[SettingsView]):
    """Settings as they stood at one moment."""

    get = Awaited(SettingsView.get)
    values = Awaited(SettingsView.values)
    contains = Awaited(SettingsView.__contains__)
    resolve = Awaited(SettingsView.resolve)
    model = Awaited(SettingsView.model)
    export_text = Awaited(SettingsView.export_text)


class AsyncSettingsDraft(Face[SettingsDraft]):
    """What `async with settings.commit(…) as s` gives."""

    set = Awaited(SettingsDraft.set)
    set_secret = Awaited(SettingsDraft.set_secret)
    update = Awaited(SettingsDraft.update)
    unset = Awaited(SettingsDraft.unset)


class AsyncSettings(Face[Settings]):
    """The settings of a ref."""

    get = Awaited(Settings.get)
    values = Awaited(Settings.values)
    contains = Awaited(Settings.__contains__)
    resolve = Awaited(Settings.resolve)
    model = Awaited(Settings.model)
    export_text = Awaited(Settings.export_text)
    import_text = Awaited(Settings.import_text)
    origin = Awaited(Settings.origin)
    log = Streamed(Settings.log)
    diff = Awaited(Settings.diff)
    set = Awaited(Settings.set)
    set_secret = Awaited(Settings.set_secret)
    unset = Awaited(Settings.unset)
    update = Awaited(Settings.update)
    revert = Awaited(Settings.revert)
    undo = Awaited(Settings.undo)
    redo = Awaited(Settings.redo)

    @property
    def name(self) -> str:
        """The name under which they were opened."""
        return self.sync.name

    @property
    def scope(self) -> str:
        """The ref: "settings/user", or "conversations/c1"."""
        return self.sync.scope

    async def with_schema(self, schema: type[Any] | None) -> AsyncSettings:
        """As `Settings.with_schema`."""
        return AsyncSettings(self.runner, await self.runner.run(self.sync.with_schema, schema))

    async def at(self, moment: When) -> AsyncSettingsView:
        """As `Settings.at`."""
        return AsyncSettingsView(self.runner, await self.runner.run(self.sync.at, moment))

    async def merge(self, other: AsyncSettings | When, *, prefer: Side | None = None) -> CommitInfo:
        """As `Settings.merge`."""
        plain = other.sync if isinstance(other, AsyncSettings) else other
        return await self.runner.run(self.sync.merge, plain, prefer=prefer)

    def commit(self, message: str = "") -> Block[SettingsDraft, AsyncSettingsDraft]:
        """As `Settings.commit`, for `async with`."""
        return Block(self.runner, lambda: self.sync.commit(message), AsyncSettingsDraft)


class AsyncChain(Face[Chain]):
    """Several scopes read as one."""

    get = Awaited(Chain.get)
    values = Awaited(Chain.values)
    contains = Awaited(Chain.__contains__)
    resolve = Awaited(Chain.resolve)
    model = Awaited(Chain.model)
    export_text = Awaited(Chain.export_text)

    async def origin(self, key: str) -> tuple[AsyncSettings, CommitInfo]:
        """As `Chain.origin`."""
        scope, commit = await self.runner.run(self.sync.origin, key)
        return AsyncSettings(self.runner, scope), commit


class AsyncSecretKeys(Face[SecretKeys]):
    """The keys that seal a store's secrets."""

    find = Awaited(SecretKeys.find)
    rotate = Awaited(SecretKeys.rotate)
    recovery_codes = Awaited(SecretKeys.recovery_codes)
    recover = Awaited(SecretKeys.recover)
    destroy = Awaited(SecretKeys.destroy)
