"""Changes to one tree of a commit, gathered before there is a commit: what `files` and `settings` write with.

A draft can be applied again to another tree: when a writer was faster, the same changes are made to its result. A
change is a key with its value, or a step that works its changes out of the tree that it meets (an append, a move).
Keys nest by a separator ("/" in paths, "." in settings): a key is a leaf or a folder, never both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from objstore.errors import ObjstoreError
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.trees import Entry, NodeReader, edit, empty_tree, get, scan_prefix
from objstore.repository.repository import Repository, expect
from objstore.repository.tree_edits import Missing, TreeEdits
from objstore.storage.protocol import Stage

Clash = Callable[[str, str], ObjstoreError]
Step = Callable[[TreeEdits], None]


class TreeDraft:
    """Changes in their order, on top of the tree that is there or of one that replaces it."""

    def __init__(
        self,
        repo: Repository,
        separator: bytes,
        missing: Missing,
        clash: Clash,
        stage: Stage | None = None,
        *,
        kept: bytes = b"",
    ) -> None:
        """`missing(key)` makes the error for removing what is not there, `clash(key, why)` for a leaf that is a folder.

        `stage` may hold nodes of a tree that replaces what is there, and objects that steps read. Keys that begin with
        `kept` are not replaced with the others: they belong to somebody else.
        """
        self._kept = kept
        self._stage = stage
        self._repo = repo
        self._separator = separator
        self._missing = missing
        self._clash = clash
        self._steps: list[tuple[bytes, Entry | None] | Step] = []
        self._base: Oid | None = None

    def __bool__(self) -> bool:
        return bool(self._steps) or self._base is not None

    def put(self, key: bytes, entry: Entry) -> None:
        """Set a key."""
        self._steps.append((key, entry))

    def remove(self, key: bytes) -> None:
        """Remove a key; whether it is there is asked when the draft is applied."""
        self._steps.append((key, None))

    def discard(self, key: bytes) -> None:
        """Remove a key if it is there."""
        self._steps.append(lambda edits: None if edits.get(key) is None else edits.remove(key))

    def change(self, step: Step) -> None:
        """Make changes that depend on what is there; called with each tree that the draft is applied to."""
        self._steps.append(step)

    def replace(self, root: Oid) -> None:
        """Put a whole tree in place of what is there and of the changes so far."""
        self._base = root
        self._steps.clear()

    def apply_to(self, root: Oid | None, write: Callable[[Object], None]) -> Oid | None:
        """The tree `root` (None: no tree yet) with the changes made; new nodes and objects go to `write`.

        Errors: what `missing`, `clash` and the steps make; nothing has been changed then.
        """
        if not self:
            return root
        base = root if self._base is None else self._base
        if not self._steps and not (self._kept and self._base is not None):
            return base
        empty = empty_tree(self._repo.hasher)
        if base is None:
            write(empty)
            base = empty.oid

        def read(oid: Oid) -> bytes:
            return empty.payload if oid == empty.oid else expect(self._read(oid), Kind.TREE)

        nodes = NodeReader(read) if base != root else self._repo.nodes
        made = self._edit(base, nodes, write, self._carried(root, base, nodes))
        return None if root is None and self._base is None and made == empty.oid else made

    def _carried(self, root: Oid | None, base: Oid, nodes: NodeReader) -> dict[bytes, Entry | None]:
        """The changes that a tree in place of `root` needs so that what is kept stays as it is in `root`."""
        changes: dict[bytes, Entry | None] = {}
        if self._kept and self._base is not None and base != root:
            changes = {key: None for key, _ in scan_prefix(base, nodes, self._kept)}
            if root is not None:
                changes.update(scan_prefix(root, self._repo.nodes, self._kept))
        return changes

    def _read(self, oid: Oid) -> Object:
        if self._stage is not None and oid in self._stage:
            return self._stage.read(oid)
        return self._repo.storage.read(oid)

    def _edit(
        self,
        root: Oid,
        nodes: NodeReader,
        write: Callable[[Object], None],
        carried: dict[bytes, Entry | None],
    ) -> Oid:
        edits = TreeEdits(root, nodes, self._missing, self._read, write, carried)
        for step in self._steps:
            if callable(step):
                step(edits)
            elif step[1] is None:
                edits.remove(step[0])
            else:
                edits.put(step[0], step[1])
        changes = dict(edits.changes)
        for key, entry in edits.changes.items():
            if entry is not None:
                self._make_room(root, key, nodes, changes)
        return edit(root, changes, nodes, write, self._repo.hasher)

    def _make_room(self, root: Oid, key: bytes, nodes: NodeReader, changes: dict[bytes, Entry | None]) -> None:
        """Refuse a leaf under a leaf or over a folder; an entry for an empty folder gives way to what is put into it."""
        for above in folders_above(key, self._separator):
            there = changes[above] if above in changes else get(root, above, nodes)
            if there is not None:
                if not is_folder(there):
                    raise self._clash(key.decode(), f"{above.decode()} is there and no folder")
                changes[above] = None
        for below, _ in scan_prefix(root, nodes, key + self._separator):
            if changes.get(below, True) is not None:
                raise self._clash(key.decode(), f"it is a folder: {below.decode()} is in it")


def is_folder(entry: Entry) -> bool:
    """Whether an entry stands for an empty folder."""
    return entry.mode >> 12 == 0o04


def folders_above(key: bytes, separator: bytes) -> Iterator[bytes]:
    """The keys of the folders that a key is in, outermost first."""
    at = key.find(separator)
    while at >= 0:
        yield key[:at]
        at = key.find(separator, at + 1)
