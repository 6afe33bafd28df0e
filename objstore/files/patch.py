"""What changed between two trees of files, file by file, with the lines of texts and with renames."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import Literal, NamedTuple

from objstore.files.renames import find_renames
from objstore.files.text import MAX_TEXT, text_lines, unified
from objstore.objects.blobs import read_blob
from objstore.objects.kinds import Oid
from objstore.objects.trees import Change, Entry
from objstore.repository.diff import diff_trees
from objstore.repository.repository import Repository


class FileDiff(NamedTuple):
    """How one file differs. `old_path` is another than `path` where it was renamed; `similarity` is then how much of it
    stayed (1.0: all). `lines` is a unified diff without newlines ([]: only path or mode differ), None for a binary."""

    kind: Literal["added", "deleted", "changed", "renamed"]
    path: str
    old_path: str
    old: Entry | None
    new: Entry | None
    similarity: float | None
    lines: list[str] | None

    @property
    def binary(self) -> bool:
        """Whether it has no lines to show: a binary, or a text of many megabytes."""
        return self.lines is None

    @property
    def text(self) -> str:
        """A line about the file, then its diff, or a word about it where that is no text."""
        modes = ""
        if self.old is not None and self.new is not None and self.old.mode != self.new.mode:
            modes = f" (mode {self.old.mode:o} to {self.new.mode:o})"
        name = f"{self.old_path} to {self.path}" if self.kind == "renamed" else self.path
        stayed = "" if self.similarity is None else f" ({self.similarity:.0%} the same)"
        return "\n".join([f"{self.kind}: {name}{stayed}{modes}", *self._body()]) + "\n"

    def _body(self) -> list[str]:
        if self.lines is not None:
            return self.lines
        sizes = ["nothing" if entry is None else f"{entry.size:,} bytes" for entry in (self.old, self.new)]
        return [f"binary: {sizes[0]} before, {sizes[1]} after"]


def patch(
    repo: Repository, old: Oid | None, new: Oid | None, *, path: str = "", context: int = 3, renames: bool = True
) -> Iterator[FileDiff]:
    """The files that differ between two trees, by path. With `path` only that file, or a folder ("src/").

    `context` is how many equal lines are shown around what differs. A file that was renamed is one difference, unless
    `renames` is false.
    """
    if context < 0:
        raise ValueError("the lines of context are not negative")
    changes = list(diff_trees(repo, old, new))

    def read(oid: Oid) -> bytes:
        return read_blob(oid, repo.storage.read)

    found = find_renames(changes, read) if renames else []
    came = {rename.came.key: rename for rename in found}
    gone = {rename.gone.key for rename in found}
    for change in changes:
        if change.key in gone:
            continue
        rename = came.get(change.key)
        before = change if rename is None else rename.gone
        names = before.key.decode(), change.key.decode()
        if path and not any(name == path or (path.endswith("/") and name.startswith(path)) for name in names):
            continue
        kind: Literal["added", "deleted", "changed", "renamed"] = (
            "renamed" if rename else "added" if before.old is None else "deleted" if change.new is None else "changed"
        )
        lines = _lines(repo, names, Change(change.key, before.old, change.new), context)
        similarity = None if rename is None else rename.similarity
        yield FileDiff(kind, names[1], names[0], before.old, change.new, similarity, lines)


def _lines(repo: Repository, names: tuple[str, str], change: Change, context: int) -> list[str] | None:
    old, new = change.old, change.new
    if old is not None and new is not None and old.oid == new.oid:
        return []
    before, after = _text(repo, old), _text(repo, new)
    if before is None or after is None:
        return None
    labels = (f"a/{names[0]}" if old else "/dev/null", f"b/{names[1]}" if new else "/dev/null")
    return list(unified(before, after, labels, context))


def _text(repo: Repository, entry: Entry | None) -> list[str] | None:
    if entry is None:
        return []
    if entry.size > MAX_TEXT or stat.S_ISDIR(entry.mode):
        return None
    return text_lines(read_blob(entry.oid, repo.storage.read))
