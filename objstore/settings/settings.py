"""Settings with a history: `store.settings.open(…)`, and `conv.settings` on a conversation's own ref."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager

from objstore.errors import SettingsExist, UnknownSettings
from objstore.objects.kinds import Oid
from objstore.objects.trees import Change
from objstore.objects.values import JsonValue
from objstore.repository.about import is_about
from objstore.repository.branch import Branch
from objstore.repository.collection import Collection
from objstore.repository.commit import CommitInfo, commit_info
from objstore.repository.diff import diff_trees
from objstore.repository.growth import Growth
from objstore.repository.history import first_parents
from objstore.repository.moments import When, locate
from objstore.repository.repository import Repository
from objstore.settings.draft import SettingsDraft
from objstore.settings.view import Resolved, SettingsView


class Settings:
    """The settings of a ref, at its head and at any moment before. Safe between threads."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._repo = branch.repo

    @property
    def name(self) -> str:
        """The name under which they were opened."""
        return self._branch.short_name

    def get(self, key: str, *default: object) -> JsonValue:
        """The value of a key, or the default if one is given. UnknownSetting."""
        return self._now().get(key, *default)

    def __contains__(self, key: str) -> bool:
        return key in self._now()

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def values(self) -> dict[str, JsonValue]:
        """All keys with their values, by key."""
        return self._now().values()

    def resolve(
        self,
        defaults: Mapping[str, JsonValue] | None = None,
        *,
        env_prefix: str | None = None,
        overrides: Mapping[str, JsonValue] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> dict[str, Resolved]:
        """As `SettingsView.resolve`, at the head."""
        return self._now().resolve(defaults, env_prefix=env_prefix, overrides=overrides, environ=environ)

    def at(self, moment: When) -> SettingsView:
        """The settings at a moment. InvalidRevision, UnknownRevision."""
        return SettingsView(self._repo, self._repo.commit(locate(self._branch, moment)).settings)

    def log(self) -> Iterator[CommitInfo]:
        """The commits that changed the settings, newest first."""
        walk = first_parents(self._repo, self._branch.need_head())
        newer = next(walk)
        for older in walk:
            if self._differ(older[1].settings, newer[1].settings):
                yield commit_info(*newer)
            newer = older
        yield commit_info(*newer)

    def diff(self, a: When, b: When) -> list[Change]:
        """What changed from moment `a` to moment `b`, by key."""
        old, new = (self._repo.commit(locate(self._branch, moment)).settings for moment in (a, b))
        return [change for change in diff_trees(self._repo, old, new) if not is_about(change.key)]

    def set(self, key: str, value: object) -> None:
        """Set a key, durably. InvalidValue."""
        with self.commit(why="set") as draft:
            draft.set(key, value)

    def unset(self, key: str) -> None:
        """Remove a key, durably. UnknownSetting."""
        with self.commit(why="unset") as draft:
            draft.unset(key)

    def update(self, values: Mapping[str, object]) -> None:
        """Set several keys in one commit. InvalidValue: none was set."""
        with self.commit(why="update") as draft:
            draft.update(values)

    def revert(self, moment: When) -> None:
        """Make the settings what they were at a moment, as a new commit."""
        root = self.at(moment).root
        with self.commit(why="revert") as draft:
            if root is not None:
                draft.tree.replace(root)
            else:
                for key in self:
                    draft.unset(key)

    def undo(self) -> None:
        """Take back the last step of this ref. NothingToUndo, MovedHead."""
        self._branch.undo()

    def redo(self) -> None:
        """Make the step again that was undone last. NothingToUndo, MovedHead."""
        self._branch.redo()

    @contextmanager
    def commit(self, message: str = "", *, why: str = "commit") -> Generator[SettingsDraft, None, None]:
        """Several changes as one commit: made when the block ends well, all or nothing."""
        draft = SettingsDraft(self._repo)
        yield draft

        def build(growth: Growth) -> None:
            root = draft.tree.apply_to(growth.settings, growth.objects.append)
            if root != growth.settings:
                growth.objects.extend(draft.objects)
                growth.add(files=growth.files, settings=root, time=self._repo.now(), message=message)

        self._branch.grow(build, why)

    def _differ(self, old: Oid | None, new: Oid | None) -> bool:
        changes = () if old == new else diff_trees(self._repo, old, new)
        return any(not is_about(change.key) for change in changes)

    def _now(self) -> SettingsView:
        return SettingsView(self._repo, self._repo.commit(self._branch.need_head()).settings)


class SettingsCollection(Collection[Settings]):
    """Settings by name."""

    def __init__(self, repo: Repository) -> None:
        super().__init__(repo, "settings", Settings, UnknownSettings, SettingsExist)

    def find(self, prefix: str = "", *, limit: int | None = None) -> Iterator[str]:
        """Names that begin with `prefix`, in order, at most `limit`."""
        return (name for name, _ in self.heads(prefix, limit=limit))
