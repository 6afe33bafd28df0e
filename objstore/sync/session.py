"""What a store does with its remotes: each call opens the remote, does its work, and closes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from objstore.repository.repository import Repository
from objstore.sync.fetching import Fetched, Near, fetch
from objstore.sync.opening import Opener
from objstore.sync.peer import Peer
from objstore.sync.pulling import OnDiverged, Pulled, pull
from objstore.sync.pushing import Pushed, push
from objstore.sync.refspec import EVERYTHING
from objstore.sync.remotes import Remotes
from objstore.sync.retrying import patiently
from objstore.sync.telling import Told, quiet

T = TypeVar("T")


class Session:
    """A repository and the means to reach others."""

    def __init__(self, repo: Repository, opener: Opener, told: Told = quiet) -> None:
        self._repo = repo
        self._opener = opener
        self._told = told

    def fetch(self, remote: str, patterns: Iterable[str], *, prune: bool) -> Fetched:
        """As `fetching.fetch`; no patterns mean everything but settings. UnknownRemote; what opening raises."""
        wanted = [*patterns] or [EVERYTHING]
        return self._with(remote, lambda near, peer: fetch(near, peer, wanted, prune=prune))

    def pull(self, remote: str, patterns: Iterable[str], on_diverged: OnDiverged, *, prune: bool) -> Pulled:
        """As `pulling.pull`. UnknownRemote; what opening raises."""
        wanted = [*patterns] or [EVERYTHING]
        return self._with(remote, lambda near, peer: pull(near, peer, wanted, on_diverged, prune=prune))

    def push(self, remote: str, patterns: Iterable[str], *, force: bool, prune: bool) -> Pushed:
        """As `pushing.push`. UnknownRemote; what opening raises."""
        wanted = [*patterns] or [EVERYTHING]
        return self._with(remote, lambda near, peer: push(near, peer, wanted, force=force, prune=prune))

    def _with(self, remote: str, work: Callable[[Near, Peer], T]) -> T:
        """Work with a remote; over a network again, if it broke off."""
        url = Remotes(self._repo).get(remote).url

        def once() -> T:
            with self._opener.peer(url, self._repo.hasher) as peer:
                return work(Near(self._repo, remote, self._opener.check_path, told=self._told), peer)

        # Not ssh: it may ask its user for something each time.
        over_network = url.startswith(("http://", "https://"))
        return patiently(once, self._repo.random, self._told) if over_network else once()
