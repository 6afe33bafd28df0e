"""fsck: everything that a store holds, read and compared with what it must be. Nothing is changed.

A full check reads every stored byte (`stored`), then walks the histories, trees and logs over what was found sound
(`histories`, `trees`, `blobs`, `logs`). A quick one leaves the payloads of events and files alone: the files' ends and
indexes, the structure, and the refs.
"""

from __future__ import annotations

from objstore.maintenance.fsck.run import Fsck, fsck, unopened

__all__ = ["Fsck", "fsck", "unopened"]
