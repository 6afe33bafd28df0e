"""What a batch of events cannot do without, called directly: pack, hash, compress, keep. The ceiling of `append_many`.

rows     a row and an index entry for each object, as the journal has them
blocks   a row for the batch: each object compressed by itself, and the sorted beginnings of all ids beside them
frames   a row for each 64 KB frame, which many objects share; the ids as for blocks
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from time import process_time

from blake3 import blake3
from msgpack import packb

from objstore.objects.kinds import Kind, Object, Oid
from objstore.packs.compression import SMALL_LEVEL, Compression
from objstore.packs.frame import encode_frame, group_objects
from tools.bench import corpus

_TABLES = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE objects (id INTEGER PRIMARY KEY, oid BLOB, kind INTEGER, domain BLOB, data BLOB)",
    "CREATE INDEX objects_by_prefix ON objects (substr(oid, 1, 8))",
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, data BLOB)",
)
_COMMIT_BYTES = 172

Keep = Callable[[sqlite3.Connection, Compression, Sequence[Object]], object]


def _keep_rows(connection: sqlite3.Connection, compression: Compression, objects: Sequence[Object]) -> None:
    small = compression.compress_small
    rows = [(oid, kind, domain, small(payload, kind)) for oid, kind, payload, domain in objects]
    connection.executemany("INSERT INTO objects (oid, kind, domain, data) VALUES (?, ?, ?, ?)", rows)


def _keep_block(connection: sqlite3.Connection, compression: Compression, objects: Sequence[Object]) -> None:
    block = b"".join([compression.compress_small(obj.payload, obj.kind) for obj in objects])
    _keep_runs(connection, [_places(enumerate(objects)), block])


def _keep_frames(connection: sqlite3.Connection, compression: Compression, objects: Sequence[Object]) -> None:
    groups = list(group_objects(objects))
    frames = [encode_frame(group, compression, level=SMALL_LEVEL) for group in groups]
    _keep_runs(connection, [_places(numbered for group in groups for numbered in enumerate(group)), *frames])


def _places(numbered: Iterable[tuple[int, Object]]) -> bytes:
    return b"".join(sorted([obj.oid[:8] + number.to_bytes(6, "big") for number, obj in numbered]))


def _keep_runs(connection: sqlite3.Connection, runs: Sequence[bytes]) -> None:
    connection.executemany("INSERT INTO runs (data) VALUES (?)", [(run,) for run in runs])


LAYOUTS: dict[str, Keep] = {"rows": _keep_rows, "blocks": _keep_block, "frames": _keep_frames}
"""Ways to keep a batch, by name."""


def bare_batches(place: str, batches: int, size: int, layout: str) -> float:
    """The CPU seconds of so many batches of 2 KB events in a layout, each a transaction with a commit for each event."""
    events = corpus.two_kilobytes(size, seed=3)
    keep, compression = LAYOUTS[layout], Compression()
    connection = sqlite3.connect(place, isolation_level=None)
    for statement in _TABLES:
        connection.execute(statement)
    begin = process_time()
    for _ in range(batches):
        objects: list[Object] = []
        for event in events:
            payload, commit = os.urandom(16) + packb(event), os.urandom(_COMMIT_BYTES)
            objects.append(Object(Oid(blake3(payload).digest()), Kind.EVENT, payload))
            objects.append(Object(Oid(blake3(commit).digest()), Kind.COMMIT, commit))
        connection.execute("BEGIN IMMEDIATE")
        keep(connection, compression, objects)
        connection.execute("COMMIT")
    spent = process_time() - begin
    connection.close()
    return spent
