"""OpenHands' app server on a store: its files, its settings and its secrets, chosen by environment variables.

    OH_FILE_STORE_KIND=objstore.adapters.openhands.app_server.ObjstoreAppFileStore
    OH_FILE_STORE_ROOT=/var/lib/openhands       (its store is .objstore there; by default the persistence folder)
    OPENHANDS_CONFIG_CLS=objstore.adapters.openhands.app_server.ObjstoreServerConfig

Files are those of a workspace. Settings and secrets are settings, one key for each value, with what the server declares
to be secret sealed; so they have a history in which no secret can be read. Needs the package `openhands-ai`, 1.11.
"""

# The app server wants its exact versions of a hundred packages, so it is in no environment that types are checked in.
# pyright: reportMissingImports=false, reportUntypedBaseClass=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportAttributeAccessIssue=false, reportIncompatibleMethodOverride=false

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from openhands.app_server.file_store.files import FileStore
from openhands.app_server.secrets.file_secrets_store import FileSecretsStore
from openhands.app_server.secrets.secrets_models import Secrets
from openhands.app_server.server_config.server_config import ServerConfig
from openhands.app_server.settings.file_settings_store import FileSettingsStore
from openhands.app_server.settings.settings_models import Settings
from openhands.app_server.utils.async_utils import call_sync_from_async
from pydantic import Field, PrivateAttr

import objstore
from objstore.adapters.names import encode_name
from objstore.adapters.openhands.sealed_document import SealedDocument
from objstore.adapters.openhands.workspace_files import WorkspaceFiles

_HERE = "objstore.adapters.openhands.app_server"
_stores: dict[Path, objstore.Store] = {}
_guard = threading.Lock()


def opened(root: str | Path) -> objstore.Store:
    """The store of a folder, made if it is not there, and open until the process ends. NotAStore, StoreLocked."""
    path = Path(root).expanduser().absolute() / ".objstore"
    with _guard:
        if path not in _stores:
            _stores[path] = objstore.open(path, create=True, author="openhands")
        return _stores[path]


def _persistence_folder() -> str:
    from openhands.app_server.config import get_default_persistence_dir

    return str(get_default_persistence_dir())


class ObjstoreAppFileStore(FileStore):
    """The app server's files in a workspace. Safe between threads and processes."""

    root: str = Field(default_factory=_persistence_folder)
    workspace: str = "openhands"

    _files: WorkspaceFiles | None = PrivateAttr(default=None)

    @property
    def store(self) -> objstore.Store:
        """The store of `root`."""
        return opened(self.root)

    @property
    def files(self) -> WorkspaceFiles:
        """The files, opened when they are first asked for."""
        if self._files is None:
            self._files = WorkspaceFiles(self.store, self.workspace)
        return self._files

    def write(self, path: str, contents: str | bytes) -> None:
        """Set a file, durably. ValueError: the path leads out of the root, or cannot be one; OSError."""
        self.files.write(path, contents)

    def write_from_path(self, path: str, source_path: str) -> None:
        """Set a file to a local one's content, in bounded memory. Errors as `write`."""
        self.files.write_from(path, source_path)

    def read(self, path: str) -> str:
        """The text of a file. FileNotFoundError, IsADirectoryError; ValueError."""
        return self.files.read(path)

    def list(self, path: str) -> list[str]:
        """What is in a folder, with "/" behind folders; nothing where there is none."""
        return self.files.list(path)

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens where there is neither."""
        self.files.delete(path)


class DocumentFile:
    """A sealed document with the one method that the server's own stores read by."""

    def __init__(self, document: SealedDocument) -> None:
        self.document = document

    def read(self, path: str) -> str:
        """The document as JSON; FileNotFoundError: nothing was written."""
        found = self.document.read()
        if found is None:
            raise FileNotFoundError(path)
        return json.dumps(found)

    def store(self, model: Any, **context: bool) -> None:
        """Keep a model, durably; what its masked rendering hides is sealed."""
        shown = model.model_dump(mode="json", context={**context, "expose_secrets": True})
        self.document.write(shown, model.model_dump(mode="json", context=context))

    @classmethod
    def of(cls, user_id: str | None, name: str) -> DocumentFile:
        """The document of a user, in the store that the server's configuration names."""
        from openhands.app_server.config import get_global_config

        config = get_global_config()
        files = config.file_store
        store = files.store if isinstance(files, ObjstoreAppFileStore) else opened(config.persistence_dir)
        whose = "" if user_id is None else f"users/{encode_name(user_id)}/"
        return cls(SealedDocument(store, f"openhands/{whose}{name}"))


class ObjstoreSettingsStore(FileSettingsStore):
    """A user's settings, read and migrated as the server reads its file."""

    file_store: DocumentFile

    async def store(self, settings: Settings) -> None:
        """Keep the settings, durably. UnsafeKeyFolder, DamagedKey: there is no key to seal secrets with."""
        await call_sync_from_async(self.file_store.store, settings, persist_settings=True)

    @classmethod
    async def get_instance(cls, user_id: str | None) -> ObjstoreSettingsStore:
        """The store of a user; None is the one of a server without users."""
        return cls(DocumentFile.of(user_id, "settings"))


class ObjstoreSecretsStore(FileSecretsStore):
    """A user's tokens and secrets, read as the server reads its file."""

    file_store: DocumentFile

    async def store(self, secrets: Secrets) -> None:
        """Keep the secrets, durably. UnsafeKeyFolder, DamagedKey: there is no key to seal them with."""
        await call_sync_from_async(self.file_store.store, secrets)

    @classmethod
    async def get_instance(cls, user_id: str | None) -> ObjstoreSecretsStore:
        """The store of a user; None is the one of a server without users."""
        return cls(DocumentFile.of(user_id, "secrets"))


class ObjstoreServerConfig(ServerConfig):
    """The server's own configuration, with settings and secrets in the store."""

    settings_store_class: str = f"{_HERE}.ObjstoreSettingsStore"
    secret_store_class: str = f"{_HERE}.ObjstoreSecretsStore"

    def verify_config(self) -> None:
        """Another class than the server's own is meant here."""
