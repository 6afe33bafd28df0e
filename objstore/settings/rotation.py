"""Sealing the secrets of heads anew, each with the key that seals now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from objstore.errors import BrokenSeal, CorruptObject, DamagedKey, MissingKey, UnknownSettings, UnsafeKeyFolder
from objstore.keys.sealed import decode_sealed
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.trees import Entry, edit, scan
from objstore.repository.about import is_about
from objstore.repository.branch import Branch
from objstore.repository.growth import Growth
from objstore.repository.repository import Repository
from objstore.settings.secret import Secret, seal_secret
from objstore.settings.stored import SECRET, key_text

_CANNOT_OPEN = (MissingKey, BrokenSeal, DamagedKey, UnsafeKeyFolder, CorruptObject)


class LeftOut(NamedTuple):
    """A secret that was not sealed anew, and why."""

    ref: str
    key: str
    reason: str


class Rotation:
    """One pass over many heads. For one thread.

    A text that several heads hold as one object is sealed once: they stay equal in it, and merge as before.
    """

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._anew: dict[tuple[str, Oid], Object] = {}
        self._secrets: dict[Oid, list[tuple[str, Entry]]] = {}  # of trees that were met; most heads share one
        self.left_out: list[LeftOut] = []

    def secrets(self, ref: str) -> list[tuple[str, Entry]]:
        """The secrets of a ref's head by key."""
        head = self._branch(ref).head()
        return [] if head is None else self._secrets_of(self._repo.commit(head).settings)

    def seal_anew(self, ref: str) -> bool:
        """Give a ref a commit with its secrets sealed anew, if there are any that the present key did not seal."""
        if not self.secrets(ref):
            return False

        def build(growth: Growth) -> None:
            left, objects = self._sealed(ref, growth.settings)
            nonlocal left_out
            left_out = left
            if objects and growth.settings is not None:
                changes = {key.encode(): Entry(SECRET, obj.oid, len(obj.payload)) for key, obj in objects}
                growth.objects.extend(obj for _, obj in objects)
                root = edit(growth.settings, changes, self._repo.nodes, growth.objects.append, self._repo.hasher)
                growth.add(files=growth.files, settings=root, time=self._repo.now(), message="rotate keys")

        left_out: list[LeftOut] = []
        made = self._branch(ref).grow(build, "rotate keys").commits
        self.left_out += left_out
        return bool(made)

    def _sealed(self, ref: str, root: Oid | None) -> tuple[list[LeftOut], list[tuple[str, Object]]]:
        """What of a tree cannot be sealed anew, and what was, by key."""
        left: list[LeftOut] = []
        done: list[tuple[str, Object]] = []
        for key, entry in self._secrets_of(root):
            try:
                obj = self._seal(key, entry)
            except _CANNOT_OPEN as error:
                left.append(LeftOut(ref, key, str(error)))
                continue
            if obj is not None:
                done.append((key, obj))
        return left, done

    def _seal(self, key: str, entry: Entry) -> Object | None:
        """The blob that takes the place of an entry's, None where that is sealed with the present key."""
        repo = self._repo
        held = self._anew.get((key, entry.oid))
        if held is None:
            data = repo.payload(entry.oid, Kind.BLOB)
            if decode_sealed(data).key == repo.keys.current().name:
                return None
            secret = Secret.sealed(key, data, repo.keys)
            held = repo.hasher.object(Kind.BLOB, seal_secret(key, secret, repo.keys, repo.random))
            self._anew[key, entry.oid] = held
        return held

    def _secrets_of(self, root: Oid | None) -> list[tuple[str, Entry]]:
        if root is None:
            return []
        found = self._secrets.get(root)
        if found is None:
            entries = scan(root, self._repo.nodes)
            found = [(key_text(key), entry) for key, entry in entries if entry.mode == SECRET and not is_about(key)]
            self._secrets[root] = found
        return found

    def _branch(self, ref: str) -> Branch:
        return Branch(self._repo, ref, UnknownSettings)


def branches(repo: Repository) -> Iterator[str]:
    """The refs whose heads may hold settings."""
    for space in ("settings/", "conversations/"):
        for ref in repo.storage.refs.find(space):
            yield ref.name
