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
from objstore.repository.tree_edits import TreeEdits
from objstore.settings.declared import UNDECLARED, Declared
from objstore.settings.keys import check_setting_key
from objstore.settings.secret import Secret, seal_secret
from objstore.settings.stored import SECRET, VALUE


class SettingsDraft:
    """What `with settings.commit(…) as s` gives. For one thread."""

    def __init__(self, repo: Repository, declared: Declared = UNDECLARED) -> None:
        self._repo = repo
        self._declared = declared
        self.objects: list[Object] = []
        self.tree = TreeDraft(repo, b".", UnknownSetting, InvalidValue, kept=ABOUT)

    def set(self, key: str, value: object) -> None:
        """Set a key to a JSON value; a `Secret`, or what the schema declares to be one, is sealed.

        InvalidValue: the key or the value is none, or the key is a group of others; when the commit is made: the key
        is a secret. InvalidSetting: the schema refuses it.
        """
        name = check_setting_key(key)
        if isinstance(value, Secret):
            self.set_secret(name, value)
            return
        checked = self._declared.checked(name, value)
        if name in self._declared.secrets:
            self.set_secret(name, Secret(checked, name))  # pyright: ignore[reportArgumentType] - it judges that
            return
        data = encode_value(checked, name)
        self.tree.change(lambda edits: _refuse_secret(edits, name))
        self._put(name, VALUE, data)

    def set_secret(self, key: str, secret: str | Secret) -> None:
        """Set a key to a secret text, which is sealed with the store's key.

        InvalidValue: the key is none, or the secret no text. Errors of the key folder: UnsafeKeyFolder, DamagedKey.
        """
        name = check_setting_key(key)
        hidden = secret if isinstance(secret, Secret) else Secret(secret, name)
        del secret  # so that no traceback with variables shows it
        self._put(name, SECRET, seal_secret(name, hidden, self._repo.keys, self._repo.random))

    def update(self, values: Mapping[str, object]) -> None:
        """Set several keys. Errors as `set`."""
        for key, value in values.items():
            self.set(key, value)

    def unset(self, key: str) -> None:
        """Remove a key; UnknownSetting when the commit is made."""
        self.tree.remove(check_setting_key(key).encode())

    def _put(self, name: str, mode: int, data: bytes) -> None:
        obj = self._repo.hasher.object(Kind.BLOB, data)
        self.objects.append(obj)
        self.tree.put(name.encode(), Entry(mode, obj.oid, len(obj.payload)))


def _refuse_secret(edits: TreeEdits, name: str) -> None:
    """Refuse to put a plain value where a secret is: it would be shown from then on, perhaps by mistake."""
    there = edits.get(name.encode())
    if there is not None and there.mode == SECRET:
        raise InvalidValue(name, "is a secret. Use set_secret, or unset it first")
