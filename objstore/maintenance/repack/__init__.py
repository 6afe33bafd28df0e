"""Repack: fresh objects move from the journal into packs, and small packs into larger ones.

Cost follows what is new: rows of the journal are read a slice at a time (`fresh`), put in the order of their
conversations (`order`), and written to a pack that is listed before the journal forgets them. Packs are merged where
their sizes are too close to each other (`merge`), by copying frames as they are. Every step is complete in itself, so
that an interruption at any point costs the step that it falls into.
"""

from __future__ import annotations

from objstore.maintenance.repack.pace import FULL_SPEED, Pace, Stopped
from objstore.maintenance.repack.run import Repacked, repack

__all__ = ["FULL_SPEED", "Pace", "Repacked", "Stopped", "repack"]
