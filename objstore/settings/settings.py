"""Settings with a history: `store.settings.open(…)`, and `conv.settings` on a conversation's own ref."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from objstore.errors import UnknownSetting
from objstore.objects.kinds import Oid
from objstore.repository.branch import Branch
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.growth import Growth
from objstore.repository.history import first_parents
from objstore.repository.merge_trees import Side
from objstore.repository.moments import When, locate
from objstore.settings.changes import SettingChange, setting_changes, setting_entries
from objstore.settings.declared import UNDECLARED, Declared
from objstore.settings.draft import SettingsDraft
from objstore.settings.imported import Imported, take_over
from objstore.settings.keys import check_setting_key
from objstore.settings.merging import merge_settings, origin_of
from objstore.settings.reading import ReadSettings
from objstore.settings.resolved import NO_LAYER, Layer, layer_of
from objstore.settings.secret import Secret
from objstore.settings.stored import stored_values
from objstore.settings.view import REQUIRED, SettingsView

if TYPE_CHECKING:
    from objstore.settings.text.formats import Format

T = TypeVar("T")


class Settings(ReadSettings):
    """The settings of a ref, at its head and at any moment before. Safe between threads."""

    def __init__(self, branch: Branch, declared: Declared = UNDECLARED) -> None:
        self._branch = branch
        self._repo = branch.repo
        self._declared = declared
        self._layer: tuple[Oid, Layer] | None = None  # of the head that was last resolved

    @property
    def name(self) -> str:
        """The name under which they were opened."""
        return self._branch.short_name

    @property
    def scope(self) -> str:
        """The ref: "settings/user", or "conversations/c1"."""
        return self._branch.name

    def with_schema(self, schema: type[Any] | None) -> Settings:
        """The same settings, judged by a pydantic model (or by none): its fields are the keys, models in it groups.

        What is set from here on is checked and kept as the declared type; `resolve` knows the defaults; a SecretStr is
        sealed. InvalidSetting: the model has a field that cannot be a key.
        """
        if schema is None:
            return Settings(self._branch)
        from objstore.settings.schema import ModelSchema

        return Settings(self._branch, ModelSchema(schema))

    @overload
    def get(self, key: str, default: object = ..., *, kind: None = ...) -> Any: ...
    @overload
    def get(self, key: str, default: object = ..., *, kind: type[T]) -> T: ...
    def get(self, key: str, default: Any = REQUIRED, *, kind: type[Any] | None = None) -> Any:
        """The value of a key, a `Secret` where it is one; the default where there is none and one was given.

        UnknownSetting; InvalidSetting: the value is not of the type `kind`.
        """
        return self._now().get(key, default, kind=kind)

    def __contains__(self, key: str) -> bool:
        return key in self._now()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def layer(self) -> Layer:
        """The settings of the head as a layer of several. UnknownSettings, UnknownConversation: there is no such ref."""
        return self._layer_of(self._branch.need_head())

    def layer_if_any(self) -> Layer:
        """The settings of the head as a layer of several; empty where there is no such ref."""
        head = self._branch.head()
        return NO_LAYER if head is None else self._layer_of(head)

    def origin(self, key: str) -> CommitInfo:
        """The commit that gave a key the value that it has now. UnknownSetting.

        Costs a read for each commit since then.
        """
        found = origin_of(self._repo, self._branch.need_head(), check_setting_key(key))
        if found is None or key not in self:
            raise UnknownSetting(key)
        return commit_info(*found)

    def at(self, moment: When) -> SettingsView:
        """The settings at a moment. InvalidRevision, UnknownRevision."""
        return self._view(locate(self._branch, moment))

    def log(self) -> Iterator[CommitInfo]:
        """The commits that changed the settings, newest first."""
        walk = first_parents(self._repo, self._branch.need_head())
        newer = next(walk)
        for older in walk:
            if any(setting_entries(self._repo, older[1].settings, newer[1].settings)):
                yield commit_info(*newer)
            newer = older
        yield commit_info(*newer)

    def diff(self, a: When, b: When) -> list[SettingChange]:
        """What changed from moment `a` to moment `b`, by key, with the values; secrets are masked."""
        old, new = (self._repo.commit(locate(self._branch, moment)).settings for moment in (a, b))
        return list(setting_changes(self._repo, old, new))

    def set(self, key: str, value: object) -> None:
        """Set a key, durably. InvalidValue; InvalidSetting: the schema refuses it."""
        with self.commit(why="set") as draft:
            draft.set(key, value)

    def set_secret(self, key: str, secret: str | Secret) -> None:
        """Set a key to a secret text, sealed, durably. InvalidValue, UnsafeKeyFolder, DamagedKey.

        The first secret of a store makes a key in the user's key folder, and warns of it (`KeyWarning`).
        """
        hidden = secret if isinstance(secret, Secret) else Secret(secret, key)
        del secret  # so that no traceback with variables shows it
        with self.commit(why="set") as draft:
            draft.set_secret(key, hidden)

    def unset(self, key: str) -> None:
        """Remove a key, durably. UnknownSetting."""
        with self.commit(why="unset") as draft:
            draft.unset(key)

    def update(self, values: Mapping[str, object]) -> None:
        """Set several keys in one commit. Errors as `set`: none was set."""
        with self.commit(why="update") as draft:
            draft.update(values)

    def import_text(
        self,
        text: str,
        format: Format,  # noqa: A002 - what it is
        *,
        prefix: str = "",
        secrets: Collection[str] = (),
        replace: bool = False,
    ) -> Imported:
        """Set what a text says, in one commit: tables are groups of keys, in .env LLM__MODEL is llm.model.

        `prefix`: only the variables with it count. `secrets`: keys whose texts are sealed. `replace`: what the text
        does not name is unset. A name of a secret leaves it as it is; `missing` tells those that are not here.
        UnreadableSettings, InvalidSetting, InvalidValue: nothing was set.
        """
        from objstore.settings.text.formats import decode_text

        items = decode_text(text, format, prefix)
        with self.commit(why="import") as draft:
            return take_over(draft, items, self.values(), self._declared, secrets=secrets, replace=replace)

    def revert(self, moment: When) -> None:
        """Make the settings what they were at a moment, as a new commit."""
        root = self.at(moment).root
        with self.commit(why="revert") as draft:
            if root is not None:
                draft.tree.replace(root)
            else:
                for key in self:
                    draft.unset(key)

    def merge(self, other: Settings | When, *, prefer: Side | None = None) -> CommitInfo:
        """Take over what other settings changed since both were one; the head afterwards.

        Settings that never were one merge as if each had set all of its keys. MergeConflict: both sides changed the
        keys that it names, differently, and `prefer` does not say whose value counts; nothing was changed.
        """
        if isinstance(other, Settings):
            oid, name = other._branch.need_head(), other.name
        else:
            oid = locate(self._branch, other)
            name = other if isinstance(other, str) else oid.hex()[:12]
        merged = merge_settings(self._branch, oid, name, prefer)
        return commit_info(merged, self._repo.commit(merged))

    def undo(self) -> None:
        """Take back the last step of this ref. NothingToUndo, MovedHead."""
        self._branch.undo()

    def redo(self) -> None:
        """Make the step again that was undone last. NothingToUndo, MovedHead."""
        self._branch.redo()

    @contextmanager
    def commit(self, message: str = "", *, why: str = "commit") -> Generator[SettingsDraft, None, None]:
        """Several changes as one commit: made when the block ends well, all or nothing."""
        draft = SettingsDraft(self._repo, self._declared)
        yield draft

        def build(growth: Growth) -> None:
            root = draft.tree.apply_to(growth.settings, growth.objects.append)
            if root != growth.settings:
                growth.objects.extend(draft.objects)
                growth.add(files=growth.files, settings=root, time=self._repo.now(), message=message)

        self._branch.grow(build, why)

    def _now(self) -> SettingsView:
        return self._view(self._branch.need_head())

    def _layer_of(self, head: Oid) -> Layer:
        held = self._layer
        if held is not None and held[0] == head:
            return held[1]
        near = None if held is None else self._repo.commit(held[0]).settings
        stored = stored_values(self._repo).load(self._repo, self._repo.commit(head).settings, near)
        layer = layer_of(stored, self.scope, head)
        self._layer = head, layer
        return layer

    def _view(self, oid: Oid) -> SettingsView:
        root = self._repo.commit(oid).settings
        return SettingsView(self._repo, root, scope=self.scope, commit=oid, declared=self._declared)
