"""What goes from one store to another: bundles, remotes, fetch, pull, push, and answering those who ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from objstore.files.paths import check_path
from objstore.maintenance.progress import Progress, silent
from objstore.repository.repository import Surroundings
from objstore.storage.local.open_local import open_local
from objstore.storage.protocol import Storage
from objstore.store.parts import Parts

if TYPE_CHECKING:
    from objstore.sync.access import Access as SyncAccess
    from objstore.sync.arrival import Limits
    from objstore.sync.bundle_export import Bundled
    from objstore.sync.bundle_file import BundleContents
    from objstore.sync.bundle_import import OnDiverged, Unbundled
    from objstore.sync.fetching import Fetched
    from objstore.sync.pulling import OnDiverged as OnPullDiverged
    from objstore.sync.pulling import Pulled
    from objstore.sync.pushing import Pushed
    from objstore.sync.remotes import Remotes
    from objstore.sync.service import Service
    from objstore.sync.session import Session


class Exchange(Parts):
    """The part of `Store` that exchanges with others."""

    def export_bundle(self, path: str | Path, names: Iterable[str], *, since: Iterable[str] = ()) -> Bundled:
        """Write conversations and other refs ("files/ws") with all that they reach, and the tags on them, to one file.

        What the moments `since` reach is left out. `settings/*` go along only if named. UnknownRevision, OSError.
        """
        from objstore.sync.bundle_file import write_bundle

        self._refuse_sealed("export a bundle")
        return write_bundle(self._repo, Path(path), names, since)

    def import_bundle(
        self, path: str | Path, *, prefix: str = "", on_diverged: OnDiverged = "refuse", redact: bool = False
    ) -> Unbundled:
        """Bring in a file that `export_bundle` wrote; again is harmless, and goes on where an interrupted one ended.

        What was redacted here stays away. What was redacted where the file comes from and is here is erased only if
        `redact` says so.

        MissingHistory, HistoryDiverged, CorruptObject, InvalidRefName, OSError: no ref was moved.
        """
        from objstore.sync.bundle_file import read_bundle

        self._refuse_sealed("import a bundle")
        return read_bundle(self._repo, Path(path), prefix, on_diverged, redact=redact)

    def check_bundle(self, path: str | Path) -> BundleContents:
        """Read a bundle from end to end and keep nothing. CorruptObject, OSError."""
        from objstore.sync.bundle_file import check_bundle

        return check_bundle(self._repo, Path(path))

    @property
    def remotes(self) -> Remotes:
        """Names for other stores: add, list, get, rename, remove."""
        from objstore.sync.remotes import Remotes

        return Remotes(self._repo)

    def fetch(
        self,
        remote: str,
        *names: str,
        prune: bool = False,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Fetched:
        """Bring over what a remote has, and track its refs under `remotes/NAME/`; no ref of your own moves.

        `names`: refs ("c1", "files/ws") or patterns ("conversations/*"); none mean everything but settings. `prune`
        forgets tracked refs that are gone there. `limit_rate`: bytes a second. Over HTTP it is tried again a few times
        if it breaks off; called again after an interruption it goes on. UnknownRemote,
        UnknownRevision, InvalidRemote, RemoteFailed, RemoteRefused; CorruptObject: what came is not sound.
        """
        return self._session(token, limit_rate, progress).fetch(remote, names, prune=prune)

    def pull(
        self,
        remote: str,
        *names: str,
        on_diverged: OnPullDiverged = "refuse",
        prune: bool = False,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Pulled:
        """Fetch, and move your refs forward to what the remote has, all or none. Arguments and errors as `fetch`.

        A ref that diverged, or was rewound on either side: "refuse" raises Diverged or Rewound, "fork" keeps theirs
        under another name, "theirs" takes it (`undo` brings yours back), "ours" leaves yours.
        """
        return self._session(token, limit_rate, progress).pull(remote, names, on_diverged, prune=prune)

    def push(
        self,
        remote: str,
        *names: str,
        force: bool = False,
        prune: bool = False,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Pushed:
        """Move a remote's refs forward to yours, all or none, with what it lacks. Arguments and errors as `fetch`.

        Diverged, Rewound: nothing was moved. `force` replaces what is there, provided that it is what you saw last.
        `prune` deletes refs there that match and are not here.
        """
        return self._session(token, limit_rate, progress).push(remote, names, force=force, prune=prune)

    def mirror(
        self,
        remote: str,
        *names: str,
        token: str | None = None,
        limit_rate: int | None = None,
        progress: Progress = silent,
    ) -> Pushed:
        """Make a remote's refs equal to yours, whatever they are: a push with force, prune and a look before.

        Arguments and errors as `push`.
        """
        session = self._session(token, limit_rate, progress)
        session.fetch(remote, names, prune=True)
        return session.push(remote, names, force=True, prune=True)

    def serve_stdio(self, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
        """Answer the sync protocol over two streams until `read` gives nothing more: what `ssh://` runs over there."""
        from objstore.sync.access import Owner
        from objstore.sync.stdio import serve

        serve(self.sync_service(Owner()), read, write)

    def sync_service(self, access: SyncAccess, limits: Limits | None = None, why: str = "push") -> Service:
        """The far side of the sync protocol on this store, for somebody with these rights. `limits`: what a push may
        bring; `why`: what the logs of the refs say of it."""
        from objstore.sync.arrival import LIMITS
        from objstore.sync.service import Service

        self._refuse_sealed("serve")
        return Service(self._repo, access, check_path, limits or LIMITS, why)

    def _session(self, token: str | None, rate: int | None, progress: Progress) -> Session:
        from objstore.sync.opening import Opener
        from objstore.sync.session import Session

        self._refuse_sealed("fetch, pull or push")
        repo = self._repo
        opener = Opener(_open_folder, Surroundings(repo.now, repo.random, repo.author), check_path, token, rate)
        return Session(repo, opener, progress)


def _open_folder(path: str) -> Storage:
    """The storage in the folder of a remote."""
    return open_local(Path(path))
