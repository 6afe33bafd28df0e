"""From the URL of a remote to a peer. Transports are imported when one is opened."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from objstore.errors import RemoteFailed
from objstore.objects.hashing import Hasher
from objstore.repository.repository import Repository, Surroundings
from objstore.storage.protocol import Storage
from objstore.sync.access import Owner
from objstore.sync.commit_check import CheckPath
from objstore.sync.pacing import Paced
from objstore.sync.peer import Peer
from objstore.sync.service import Service
from objstore.sync.transport import Direct, Transport


class Opener(NamedTuple):
    """What opening a remote takes: how a folder is opened, what the far side works with when it is in this process,
    how paths are judged there, the token for a server (None: none), and how many bytes a second may travel (None: any)."""

    open_storage: Callable[[str], Storage]
    surroundings: Surroundings
    check_path: CheckPath
    token: str | None = None
    rate: int | None = None

    def peer(self, url: str, hasher: Hasher) -> Peer:
        """A peer for the store at a URL. RemoteFailed, NotAStore; what `open_storage` raises."""
        transport = self._transport(url)
        if self.rate is not None:
            transport = Paced(transport, self.rate, time.monotonic, time.sleep)
        return Peer(transport, hasher)

    def _transport(self, url: str) -> Transport:
        if "://" not in url:
            storage = self.open_storage(url)
            service = Service(Repository(storage, self.surroundings), Owner(), self.check_path)
            return Direct(service, storage)
        if url.startswith("ssh://"):
            from objstore.sync.stdio import Piped, ssh_command

            return Piped(ssh_command(url, os.environ), url)
        try:
            from objstore.sync.http import OverHttp
        except ModuleNotFoundError:
            raise RemoteFailed(
                url, "the client for HTTP is not installed. Run: pip install 'objstore-vcs[http]'"
            ) from None
        return OverHttp(url, self.token)
