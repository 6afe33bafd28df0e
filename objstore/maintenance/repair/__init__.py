"""Repair: what is damaged is made again or brought back from elsewhere; nothing is deleted, all is written down."""

from __future__ import annotations

from objstore.maintenance.repair.files import mend_files
from objstore.maintenance.repair.record import Record, read_records
from objstore.maintenance.repair.run import Repaired, repair, words

__all__ = ["Record", "Repaired", "mend_files", "read_records", "repair", "words"]
