"""Changes to settings that become one commit."""

from __future__ import annotations

from collections.abc import Mapping

from objstore.errors import InvalidValue, UnknownSetting
from objstore.objects.codec import encode_value
from objstore.objects.kinds import Kind, Object
from objstore.objects.trees import Entry
from objstore.repository.about import ABOUT
from objstore.repository.repository import Repository
from objstore.repository.tree_draft import TreeDraft
from objstore.settings.view import check_setting_key

_MODE = 1  # What a settings entry's mode says: the blob is one encoded JSON value.


class SettingsDraft:
    """What `with settings.commit(…) as s` gives. For one thread."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self.objects: list[Object] = []
        self.tree = TreeDraft(repo, b".", UnknownSetting, InvalidValue, kept=ABOUT)

    def set(self, key: str, value: object) -> None:
        """Set a key to a JSON value. InvalidValue: the key or the value is none, or the key is a group of others."""
        name = check_setting_key(key)
        obj = self._repo.hasher.object(Kind.BLOB, encode_value(value, name))
        self.objects.append(obj)
        self.tree.put(name.encode(), Entry(_MODE, obj.oid, len(obj.payload)))

    def update(self, values: Mapping[str, object]) -> None:
        """Set several keys. InvalidValue."""
        for key, value in values.items():
            self.set(key, value)

    def unset(self, key: str) -> None:
        """Remove a key; UnknownSetting when the commit is made."""
        self.tree.remove(check_setting_key(key).encode())
