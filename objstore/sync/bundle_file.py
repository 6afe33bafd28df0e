"""Bundles as files: written whole or not at all, read as a stream."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from objstore.objects.kinds import Oid
from objstore.packs.bundle import BundleReader
from objstore.repository.repository import Repository
from objstore.sync.bundle_export import Bundled, export_bundle
from objstore.sync.bundle_import import OnDiverged, Unbundled, import_bundle


class BundleContents(NamedTuple):
    """What a bundle holds: refs by full name, the commits that it builds on, how many objects; its bytes are whole."""

    refs: tuple[tuple[str, Oid], ...]
    needs: tuple[Oid, ...]
    objects: int


def write_bundle(repo: Repository, path: Path, names: Iterable[str], since: Iterable[str]) -> Bundled:
    """Write a bundle to a file that takes the place of `path`, durably, once it is whole. OSError; as `export_bundle`."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with fresh.open("xb") as file:
            done = export_bundle(repo, names, file.write, since)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    return done


def read_bundle(
    repo: Repository, path: Path, prefix: str, on_diverged: OnDiverged, *, redact: bool = False
) -> Unbundled:
    """Import a bundle from a file. OSError; as `import_bundle`."""
    with path.open("rb") as file:
        return import_bundle(repo, file.read, prefix, on_diverged, redact=redact)


def check_bundle(repo: Repository, path: Path) -> BundleContents:
    """Read a bundle from end to end and keep nothing. CorruptObject, OSError."""
    with path.open("rb") as file:
        reader = BundleReader(file.read, repo.hasher)
        objects = 0
        for frame in reader.frames():
            for number in range(len(frame)):
                frame.object(number)
            objects += len(frame)
        return BundleContents(*reader.header, objects)
