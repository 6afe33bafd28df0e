"""What a conversation says about itself: a title, tags, free keys; when it began, when it changed, how long it is.

Versioned with the conversation: it is part of every moment, of forks and of merges. A commit that changes nothing else
adds no event. Times and counts follow from the commits and are not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from objstore.errors import InvalidValue, UnknownSetting
from objstore.objects.codec import decode_value, encode_value
from objstore.objects.commits import Commit
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import Change, Entry
from objstore.objects.values import JsonValue
from objstore.repository.about import ABOUT, JSON_MODE, KEYS, TAGS, TITLE, About, read_about, tag_key, tag_of
from objstore.repository.branch import Branch
from objstore.repository.growth import Growth
from objstore.repository.history import began
from objstore.repository.repository import Repository
from objstore.settings.draft import SettingsDraft
from objstore.settings.keys import check_setting_key

MAX_TITLE = 1000
MAX_TAG = 200
_DERIVED = ("created", "changed", "events")
_REQUIRED = object()


class MetadataView:
    """The metadata of one commit. Read-only; `get` knows "title", "tags", "created", "changed", "events" and free keys."""

    def __init__(self, repo: Repository, oid: Oid) -> None:
        self._repo = repo
        self._oid = oid
        self._commit: Commit = repo.commit(oid)
        self._about: About = read_about(repo, self._commit.settings)

    @property
    def title(self) -> str:
        """The title, or ""."""
        return self._about.title

    @property
    def tags(self) -> frozenset[str]:
        """The tags."""
        return self._about.tags

    @property
    def created(self) -> int:
        """When the conversation began (µs since 1970): the time of its first commit, which its forks share."""
        return began(self._repo, self._oid)

    @property
    def changed(self) -> int:
        """When it last changed (µs since 1970): the time of its newest commit."""
        return self._commit.time

    @property
    def events(self) -> int:
        """How many events it has."""
        return self._commit.events

    def get(self, key: str, default: object = _REQUIRED) -> JsonValue:
        """The value of a key; tags as a sorted list. UnknownSetting where there is none and no default was given."""
        if key in _DERIVED:
            return cast("int", getattr(self, key))
        if key == "title" and self.title:
            return self.title
        if key == "tags":
            return [*sorted(self.tags)]
        if key in self._about.keys:
            return self._about.keys[key]
        if default is _REQUIRED:
            raise UnknownSetting(key)
        return cast("JsonValue", default)

    def __contains__(self, key: str) -> bool:
        return key in self._about.keys or key in _DERIVED or bool(key == "title" and self.title) or key == "tags"

    def __iter__(self) -> Iterator[str]:
        return iter(self.values())

    def values(self) -> dict[str, JsonValue]:
        """Everything: title, tags, created, changed, events, then the free keys in order."""
        named: dict[str, JsonValue] = {"title": self.title, "tags": [*sorted(self.tags)]}
        return {**named, **{key: self.get(key) for key in _DERIVED}, **self._about.keys}


class MetadataDraft:
    """Changes to metadata that become part of a commit: `c.metadata` in `with conv.commit() as c`. For one thread."""

    def __init__(self, repo: Repository, settings: SettingsDraft, current: About) -> None:
        """`settings` gathers the changes of the settings tree; `current` is what stood there when the draft began."""
        self._repo = repo
        self._settings = settings
        self._tree = settings.tree
        self._tags = set(current.tags)

    def set(self, key: str, value: object) -> None:
        """Set "title" (a text), "tags" (an iterable of texts, in place of those that were there), or a free key.

        InvalidValue: a value that is no JSON, a title or tag that is none, a time or count, or a key that is a group.
        """
        if key in _DERIVED:
            raise InvalidValue(key, "follows from the commits and cannot be set")
        if key == "title":
            self._set_title(value)
        elif key == "tags":
            self._set_tags(value)
        else:
            self._put(KEYS + check_setting_key(key).encode(), value, key)

    def update(self, values: Mapping[str, object]) -> None:
        """Set several keys. InvalidValue."""
        for key, value in values.items():
            self.set(key, value)

    def unset(self, key: str) -> None:
        """Remove a title, all tags, or a free key. UnknownSetting when the commit is made: there is no such key."""
        if key == "tags":
            self._set_tags(())
        elif key == "title":
            self._tree.discard(TITLE)
        else:
            self._tree.remove(KEYS + check_setting_key(key).encode())

    def add_tags(self, *tags: str) -> None:
        """Add tags to those that are there. InvalidValue."""
        for tag in tags:
            self._put(tag_key(_check_tag(tag)), True, "tags")
            self._tags.add(tag)

    def remove_tags(self, *tags: str) -> None:
        """Remove tags; those that are not there are passed over. InvalidValue."""
        for tag in tags:
            self._tree.discard(tag_key(_check_tag(tag)))
            self._tags.discard(tag)

    def _set_title(self, value: object) -> None:
        if not isinstance(value, str) or len(value) > MAX_TITLE:
            raise InvalidValue("title", f"is no text of at most {MAX_TITLE} characters")
        if value:
            self._put(TITLE, value, "title")
        else:
            self._tree.discard(TITLE)

    def _set_tags(self, value: object) -> None:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InvalidValue("tags", "are not several texts")
        wanted = {_check_tag(tag) for tag in cast("Iterable[object]", value)}
        self.remove_tags(*(self._tags - wanted))
        self.add_tags(*(wanted - self._tags))

    def _put(self, key: bytes, value: object, name: str) -> None:
        obj = self._repo.hasher.object(Kind.BLOB, encode_value(value, name))
        self._settings.objects.append(obj)
        self._tree.put(key, Entry(JSON_MODE, obj.oid, len(obj.payload)))


def _check_tag(tag: object) -> str:
    if not isinstance(tag, str) or not 0 < len(tag) <= MAX_TAG or not tag.isprintable() or tag != tag.strip():
        raise InvalidValue("tags", f"has {tag!r}, which is no printable text of 1 to {MAX_TAG} characters")
    return tag


class Metadata:
    """The metadata of a conversation, live. Safe between threads."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._repo = branch.repo

    @property
    def title(self) -> str:
        """As `MetadataView.title`, at the head."""
        return self.now().title

    @property
    def tags(self) -> frozenset[str]:
        """As `MetadataView.tags`, at the head."""
        return self.now().tags

    def now(self) -> MetadataView:
        """All of it as it stands at the head. UnknownConversation."""
        return MetadataView(self._repo, self._branch.need_head())

    def get(self, key: str, default: object = _REQUIRED) -> JsonValue:
        """As `MetadataView.get`, at the head."""
        return self.now().get(key) if default is _REQUIRED else self.now().get(key, default)

    def values(self) -> dict[str, JsonValue]:
        """As `MetadataView.values`, at the head."""
        return self.now().values()

    def set(self, key: str, value: object) -> None:
        """Set one key, durably: see `MetadataDraft.set`. Nothing is committed if nothing changes. InvalidValue."""
        self.update({key: value})

    def update(self, values: Mapping[str, object]) -> None:
        """Set several keys in one commit. InvalidValue: none was set."""
        draft = self._draft()
        draft.metadata.update(values)
        self._commit(draft, "describe")

    def unset(self, key: str) -> None:
        """Remove a title, all tags or a free key, durably. UnknownSetting."""
        draft = self._draft()
        draft.metadata.unset(key)
        self._commit(draft, "describe")

    def add_tags(self, *tags: str) -> None:
        """Add tags, durably. InvalidValue."""
        draft = self._draft()
        draft.metadata.add_tags(*tags)
        self._commit(draft, "tag")

    def remove_tags(self, *tags: str) -> None:
        """Remove tags, durably; those that are not there are passed over. InvalidValue."""
        draft = self._draft()
        draft.metadata.remove_tags(*tags)
        self._commit(draft, "untag")

    def _draft(self) -> _Alone:
        settings = self._repo.commit(self._branch.need_head()).settings
        return _Alone(self._repo, read_about(self._repo, settings))

    def _commit(self, draft: _Alone, why: str) -> None:
        def build(growth: Growth) -> None:
            root = draft.settings.tree.apply_to(growth.settings, growth.objects.append)
            if root != growth.settings:
                growth.objects.extend(draft.settings.objects)
                growth.add(files=growth.files, settings=root, time=self._repo.now())

        self._branch.grow(build, why)


class _Alone:
    """A draft of metadata and nothing else."""

    def __init__(self, repo: Repository, current: About) -> None:
        self.settings = SettingsDraft(repo)
        self.metadata = MetadataDraft(repo, self.settings, current)


def about_name(key: bytes) -> str:
    """How a changed entry of the reserved group is called: "title", "tags.x", or the free key itself."""
    if key.startswith(TAGS):
        return f"tags.{tag_of(key)}"
    return key.removeprefix(KEYS).removeprefix(ABOUT).decode()


def about_values(repo: Repository, change: Change) -> tuple[JsonValue, JsonValue]:
    """What a changed entry of the reserved group was and is; None: it is not there."""
    old, new = (
        None if entry is None else decode_value(repo.payload(entry.oid, Kind.BLOB))
        for entry in (change.old, change.new)
    )
    return old, new
