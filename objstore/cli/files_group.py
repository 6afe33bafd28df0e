"""`objstore files` with all its commands: each module adds its own when it is imported."""

from __future__ import annotations

from objstore.cli import files_changes, files_locks
from objstore.cli.files import files

__all__ = ["files", "files_changes", "files_locks"]
