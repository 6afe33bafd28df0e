"""Merging one file that both sides of a merge changed: its lines if it is a text, its permission bits, or nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable

from objstore.files.text import MAX_TEXT, text_lines
from objstore.files.three_way import Part, joined, marked, merge_lines
from objstore.objects.blobs import read_blob, write_blob
from objstore.objects.kinds import Object
from objstore.objects.trees import Conflict, Entry
from objstore.repository.merge_trees import Side
from objstore.repository.repository import Repository


def merge_file(
    repo: Repository, conflict: Conflict, prefer: Side | None, write: Callable[[Object], None]
) -> Entry | None:
    """The entry of a file that has the changes of both sides; its blob goes to `write`. None: they cannot be joined.

    Where they changed the same lines, or permission bits, those of the preferred side count, if there is one.
    """
    base, ours, theirs = conflict.base, conflict.ours, conflict.theirs
    if ours is None or theirs is None:
        return None
    mode = _merged_mode(base, ours, theirs, prefer)
    if mode is None:
        return None
    if ours.oid == theirs.oid or (base is not None and theirs.oid == base.oid):
        return ours._replace(mode=mode)
    if base is not None and ours.oid == base.oid:
        return theirs._replace(mode=mode)
    parts = _parts(repo, conflict)
    text = None if parts is None else joined(parts, prefer)
    if text is None:
        return None
    oid, size = write_blob(text.encode(), repo.hasher, write)
    return Entry(mode, oid, size)


def marked_text(repo: Repository, conflict: Conflict, labels: tuple[str, str]) -> str | None:
    """The text of a file with conflict markers where both sides changed the same lines.

    None: it is gone on one side, or a binary, a symlink or of many megabytes on either.
    """
    parts = _parts(repo, conflict)
    return None if parts is None else marked(parts, labels)


def _parts(repo: Repository, conflict: Conflict) -> list[Part] | None:
    texts = [_text(repo, conflict.ours), _text(repo, conflict.theirs)]
    base = [] if conflict.base is None else _text(repo, conflict.base)
    ours, theirs = texts
    return None if base is None or ours is None or theirs is None else merge_lines(base, ours, theirs)


def _text(repo: Repository, entry: Entry | None) -> list[str] | None:
    if entry is None or not stat.S_ISREG(entry.mode) or entry.size > MAX_TEXT:
        return None
    return text_lines(read_blob(entry.oid, repo.storage.read))


def _merged_mode(base: Entry | None, ours: Entry, theirs: Entry, prefer: Side | None) -> int | None:
    """The mode of the merged entry; None: both sides changed it, or one is no regular file."""
    if not stat.S_ISREG(ours.mode) or not stat.S_ISREG(theirs.mode):
        return None
    if ours.mode == theirs.mode or (base is not None and theirs.mode == base.mode):
        return ours.mode
    if base is not None and ours.mode == base.mode:
        return theirs.mode
    return None if prefer is None else ours.mode if prefer == "ours" else theirs.mode
