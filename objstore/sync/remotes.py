"""Remotes: names for other stores.

A remote is a ref `remotes/NAME/config` to a commit without parents, which has the URL in its metadata; what is known
of the far side's refs stands beside it. Neither ever travels. A URL holds no password and no token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from objstore.errors import InvalidRefName, InvalidRemote, RefConflict, RemoteExists, UnknownRemote
from objstore.objects.commits import Commit, encode_commit
from objstore.objects.kinds import Kind, Oid
from objstore.repository.repository import Repository
from objstore.sync.refspec import CONFIG, REMOTES, tracking_name
from refs.edits import ABSENT, Note, RefEdit
from refs.name import check_name

_URL = "remote.url"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")
SCHEMES = ("http", "https", "ssh")


class RemoteInfo(NamedTuple):
    """A remote: its name and where it is."""

    name: str
    url: str


class Remotes:
    """The remotes of a store."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def add(self, name: str, url: str | Path) -> RemoteInfo:
        """Name another store: a folder, ssh://[user@]host/path or http(s)://host/path. It is not asked whether it is there.

        RemoteExists, InvalidRemote.
        """
        ref, info = tracking_name(check_remote(name), CONFIG), RemoteInfo(name, check_url(str(url)))
        repo = self._repo
        now = repo.now()
        metadata = {_URL: info.url}
        commit = Commit((), generation=1, place=0, jump=None, author=repo.author, time=now, metadata=metadata)
        obj = repo.hasher.object(Kind.COMMIT, encode_commit(commit))
        try:
            note = Note(repo.author, f"add remote {name}", now)
            repo.storage.apply([obj], [RefEdit(ref, obj.oid, ABSENT)], note)
        except RefConflict:
            raise RemoteExists(name) from None
        return info

    def get(self, name: str) -> RemoteInfo:
        """The remote of a name. UnknownRemote, InvalidRemote."""
        ref = self._repo.storage.refs.get(tracking_name(check_remote(name), CONFIG))
        if ref is None:
            raise UnknownRemote(name)
        return self._info(name, Oid(ref.value))

    def list(self) -> Iterator[RemoteInfo]:
        """All remotes, by name."""
        suffix = f"/{CONFIG}"
        for ref in self._repo.storage.refs.find(REMOTES):
            name = ref.name.removeprefix(REMOTES).removesuffix(suffix)
            if ref.name.endswith(suffix) and "/" not in name:
                yield self._info(name, Oid(ref.value))

    def remove(self, name: str) -> None:
        """Forget a remote and what is tracked of it; undoing the operation brings both back. UnknownRemote."""
        self._move(name, None, f"remove remote {name}")

    def rename(self, name: str, new: str) -> None:
        """Give a remote another name; what is tracked of it goes along. UnknownRemote, RemoteExists, InvalidRemote."""
        self._move(name, check_remote(new), f"rename remote {name}")

    def _move(self, name: str, new: str | None, why: str) -> None:
        self.get(name)
        repo = self._repo
        start = tracking_name(name, "")
        edits: list[RefEdit] = []
        for ref in repo.storage.refs.find(start):
            edits.append(RefEdit(ref.name, None, ref.value))
            if new is not None:
                edits.append(RefEdit(tracking_name(new, ref.name.removeprefix(start)), ref.value, ABSENT))
        try:
            repo.storage.apply((), edits, Note(repo.author, why, repo.now()))
        except RefConflict as conflict:
            if new is not None and conflict.name.startswith(tracking_name(new, "")):
                raise RemoteExists(new) from None
            raise

    def _info(self, name: str, oid: Oid) -> RemoteInfo:
        return RemoteInfo(name, str(self._repo.commit(oid).metadata.get(_URL, "")))


def check_remote(name: str) -> str:
    """The name itself, if a remote may have it. InvalidRemote."""
    try:
        check_name(f"{REMOTES}{name}/{CONFIG}")
    except InvalidRefName as error:
        raise InvalidRemote(name, error.reason) from None
    if "/" in name:
        raise InvalidRemote(name, "the name of a remote has no /")
    return name


def check_url(url: str) -> str:
    """The URL as it is kept: a folder in full. InvalidRemote: of an unknown kind, or with a password in it."""
    if not url or url == "memory:":
        raise InvalidRemote(url, "a remote is a folder, ssh://host/path or http(s)://host/path")
    scheme = _SCHEME.match(url)
    if scheme is None:
        return str(Path(url).expanduser().absolute())
    if scheme[1] == "file":
        return str(Path(url.removeprefix("file://")).absolute())
    if scheme[1] not in SCHEMES:
        raise InvalidRemote(url, f"a remote cannot be of the kind {scheme[1]}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidRemote(url, str(error)) from None
    if not parts.hostname or parts.hostname.startswith("-") or port == 0:
        raise InvalidRemote(url, "it names no host")
    if parts.password is not None or (scheme[1] != "ssh" and parts.username is not None):
        raise InvalidRemote(parts.hostname, "a URL holds no password or token. Give token=…, or set OBJSTORE_TOKEN")
    return url
