"""OpenHands' software agent SDK on an objstore: `ObjstoreFileStore`, given as `file_store=`.

Each event is a commit of a conversation, and the state, in parts, is its settings: so a moment of the chat has the
state that belongs to it, forks share everything, and search finds what was said. Where the SDK is installed the class is
registered with its interface; without it, it works all the same.
"""

from __future__ import annotations

from objstore.adapters.openhands.file_store import ObjstoreFileStore

try:
    from openhands.sdk.io import FileStore  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
except ImportError:
    pass
else:
    FileStore.register(ObjstoreFileStore)  # pyright: ignore[reportUnknownMemberType]

__all__ = ["ObjstoreFileStore"]
