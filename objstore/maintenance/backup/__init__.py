"""Backups: self-contained copies of a store in a folder of versions, verified, and brought back at any of them."""

from __future__ import annotations

from objstore.maintenance.backup.folder import Version
from objstore.maintenance.backup.make import BackedUp, back_up
from objstore.maintenance.backup.opened import Backup
from objstore.maintenance.backup.restore import Drill, Restored, drill, restore

__all__ = ["BackedUp", "Backup", "Drill", "Restored", "Version", "back_up", "drill", "restore"]
