"""Snapshots: a directory as a tree. What did not change since the directory was last looked at is not read again.

A snapshot holds regular files (content and permission bits), symlinks (as data) and empty folders. What cannot be
taken (a pipe, an unreadable file, a name that no tree may have) is reported, and the rest goes on. Two snapshots of
the same content have the same root, whatever was known before.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.files.batch_writer import BatchWriter
from objstore.files.content import Vanished, read_entry
from objstore.files.directory import Found, Problem, Progress, Walk, identity
from objstore.files.paths import readable
from objstore.files.stat_cache import SMUDGED, Known, Record, Seen, StatCache, record_of, seen_of
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import Entry, NodeReader, build_tree, edit, scan
from objstore.storage.protocol import Stage, Storage

_PROGRESS_EVERY = 512


class Snapshot(NamedTuple):
    """What a snapshot found: the tree's `root`, its `entries` and their `bytes`, how many of them are new, different
    and as before against the previous tree, how many of that are gone, and what could not be taken."""

    root: Oid
    entries: int
    bytes: int
    added: int
    changed: int
    unchanged: int
    removed: int
    problems: tuple[Problem, ...]


def snapshot(
    directory: Path,
    storage: Storage,
    stage: Stage,
    previous: Oid | None,
    cache: StatCache | None = None,
    progress: Progress | None = None,
) -> Snapshot:
    """Put what a directory holds into `stage`, but for what the storage has; nothing of it counts before `apply`.

    `previous` is the tree to compare with and to build on, or None. NotADirectoryError, FileNotFoundError.
    """
    hasher = storage.hasher
    since = 0 if cache is None else cache.now()
    known = Known(None, {}) if cache is None else cache.load(hasher)
    reader = NodeReader(_TreeRead(storage, stage))
    base = _base(known, previous, reader)
    if known.root is None or known.root != previous:
        known = _durable(known, storage, stage)
    writer = BatchWriter(storage, stage)
    scanned = _Scan(Walk(directory, identity(storage.place)), known.paths, writer, storage, progress)
    seen = scanned.run()
    changes = _changes(base, seen)
    gone = [key for key in base if key not in seen]
    if previous is None or len(changes) + len(gone) > len(seen) // 4:
        root = build_tree(sorted((key, seen_of(now).entry) for key, now in seen.items()), hasher, writer.add)
    elif changes or gone:
        root = edit(previous, {**changes, **dict.fromkeys(gone)}, reader, writer.add, hasher)
    else:
        root = previous
    writer.flush()
    if cache is not None and (scanned.reads or root != known.root or len(seen) != len(known.paths)):
        cache.save(root, seen, since, hasher)
    added = sum(key not in base for key in changes)
    different = len(changes) - added
    return Snapshot(
        root,
        len(seen),
        sum(now[6] for now in seen.values()),
        added,
        different,
        len(seen) - len(changes),
        len(gone),
        tuple(scanned.problems),
    )


def _changes(base: dict[bytes, Record], seen: dict[bytes, Record]) -> dict[bytes, Entry]:
    """The entries that are not as in the base. What was not read is the very record of it, and needs no comparing."""
    changed: dict[bytes, Entry] = {}
    for key, now in seen.items():
        before = base.get(key)
        if before is not now and (before is None or before[5:] != now[5:]):
            changed[key] = seen_of(now).entry
    return changed


class _Scan:
    """One walk over the directory, in which what is not known by its look is read."""

    def __init__(
        self, walk: Walk, known: dict[bytes, Record], writer: BatchWriter, storage: Storage, progress: Progress | None
    ) -> None:
        self.problems = walk.problems
        self.reads = 0
        self._walk = walk
        self._known = known
        self._writer = writer
        self._hasher = storage.hasher
        self._progress = progress

    def run(self) -> dict[bytes, Record]:
        """Every path that was taken, in the order of the walk."""
        seen: dict[bytes, Record] = {}
        known = self._known
        total = 0
        for found in self._walk:
            key, _, _, status = found
            now = known.get(key)
            if (
                now is None
                or now[0] != status.st_mtime_ns
                or now[1] != status.st_ctime_ns
                or now[2] != status.st_ino
                or now[3] != status.st_mode
                or now[4] != status.st_size
            ):
                read = self._read(found)
                if read is None:
                    continue
                now = record_of(read)
            seen[key] = now
            if self._progress is not None:
                total += now[6]
                if len(seen) % _PROGRESS_EVERY == 0:
                    self._progress(len(seen), total)
        if self._progress is not None:
            self._progress(len(seen), total)
        return seen

    def _read(self, found: Found) -> Seen | None:
        self.reads += 1
        try:
            now, steady = read_entry(found.folder, found.name, found.stat, self._hasher, self._writer.add)
        except (Vanished, FileNotFoundError):
            return None
        except OSError as fault:
            self.problems.append(Problem(readable(found.key.decode()), f"cannot be read: {fault.strerror}"))
            return None
        if not steady:
            text = "it went on changing while it was read; the snapshot has what was read last"
            self.problems.append(Problem(found.key.decode(), text))
        return now


class _TreeRead:
    """Payloads of tree nodes, from the stage or from the storage."""

    def __init__(self, storage: Storage, stage: Stage) -> None:
        self._storage = storage
        self._stage = stage

    def __call__(self, oid: Oid) -> bytes:
        obj = self._stage.read(oid) if oid in self._stage else self._storage.read(oid)
        if obj.kind is not Kind.TREE:
            raise CorruptObject(oid, f"a tree was expected, and it is of kind {obj.kind!s}")
        return obj.payload


def _base(known: Known, previous: Oid | None, reader: NodeReader) -> dict[bytes, Record]:
    """What the previous tree holds: from the cache if it is of that tree, which saves reading it."""
    if previous is None:
        return {}
    if previous == known.root:
        return known.paths
    return {key: record_of(Seen(SMUDGED, entry)) for key, entry in scan(previous, reader)}


def _durable(known: Known, storage: Storage, stage: Stage) -> Known:
    """What is known, without the entries whose content is nowhere: of a snapshot that was never applied, say."""
    missing = storage.missing({Oid(record[7]) for record in known.paths.values()}) if known.paths else set[Oid]()
    missing = {oid for oid in missing if oid not in stage}
    return Known(known.root, {key: record for key, record in known.paths.items() if record[7] not in missing})
