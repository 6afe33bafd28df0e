"""What a store does with its remotes: each call opens the remote, does its work, and closes it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from objstore.repository.repository import Repository
from objstore.sync.fetching import Fetched, Near, fetch
from objstore.sync.opening import Opener
from objstore.sync.peer import Peer
from objstore.sync.pulling import OnDiverged, Pulled, pull
from objstore.sync.pushing import Pushed, push
from objstore.sync.refspec import EVERYTHING
from objstore.sync.remotes import Remotes
from objstore.sync.telling import Told, quiet


class Session:
    """A repository and the means to reach others."""

    def __init__(self, repo: Repository, opener: Opener, told: Told = quiet) -> None:
        self._repo = repo
        self._opener = opener
        self._told = told

    def fetch(self, remote: str, patterns: Iterable[str], *, prune: bool) -> Fetched:
        """As `fetching.fetch`; no patterns mean everything but settings. UnknownRemote; what opening raises."""
        with self._peer(remote) as (near, peer):
            return fetch(near, peer, [*patterns] or [EVERYTHING], prune=prune)

    def pull(self, remote: str, patterns: Iterable[str], on_diverged: OnDiverged, *, prune: bool) -> Pulled:
        """As `pulling.pull`. UnknownRemote; what opening raises."""
        with self._peer(remote) as (near, peer):
            return pull(near, peer, [*patterns] or [EVERYTHING], on_diverged, prune=prune)

    def push(self, remote: str, patterns: Iterable[str], *, force: bool, prune: bool) -> Pushed:
        """As `pushing.push`. UnknownRemote; what opening raises."""
        with self._peer(remote) as (near, peer):
            return push(near, peer, [*patterns] or [EVERYTHING], force=force, prune=prune)

    @contextmanager
    def _peer(self, remote: str) -> Generator[tuple[Near, Peer], None, None]:
        url = Remotes(self._repo).get(remote).url
        with self._opener.peer(url, self._repo.hasher) as peer:
            yield Near(self._repo, remote, self._opener.check_path, told=self._told), peer
