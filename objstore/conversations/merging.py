"""What is in conflict between two conversations, and how a merge settles it: lines by themselves, the rest as told.

Texts that both sides changed are merged line by line (`files.merging`). What is left is a conflict: it can be looked at
before anything is merged, and be settled key by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from objstore.errors import InvalidValue
from objstore.files.merging import marked_text, merge_file
from objstore.objects.blobs import write_blob
from objstore.objects.kinds import Oid
from objstore.objects.trees import Conflict, Entry
from objstore.repository.branch import Branch
from objstore.repository.history import is_ancestor
from objstore.repository.merge import SettleAny, merge_into, merge_trees
from objstore.repository.merge_trees import Settled, Side, Write
from objstore.repository.repository import Repository

Choice = Side | bytes
"""How a conflict is settled: by a side's entry, or, of a file, by new content."""

_FILES = "files:"
_PLAIN = 0o100644


class Disputed(NamedTuple):
    """What both sides changed: its name as in `MergeConflict.keys` ("files:src/app.py", "settings:llm.model"), what the
    last common moment and each side have (None: nothing), and for a text its lines with conflict markers."""

    key: str
    base: Entry | None
    ours: Entry | None
    theirs: Entry | None
    text: str | None


def disputed(branch: Branch, other: Oid, names: tuple[str, str]) -> list[Disputed]:
    """What a merge of the commit `other` into a branch would be in conflict about; nothing is written."""
    repo, head = branch.repo, branch.need_head()
    if is_ancestor(repo, other, head) or is_ancestor(repo, head, other):
        return []
    found = merge_trees(repo, head, other, None, [], _settling(repo, None, {})).conflicts
    return [
        Disputed(key, *conflict[1:], marked_text(repo, conflict, names) if key.startswith(_FILES) else None)
        for key, conflict in found.items()
    ]


def merge_conversation(branch: Branch, other: Oid, name: str, prefer: Side | None, settle: Mapping[str, Choice]) -> Oid:
    """Merge the commit `other`, called `name`, into a conversation's branch; its head then.

    MergeConflict: neither `settle` nor `prefer` settles what it names. InvalidValue: `settle` names what is in no
    conflict, or gives content to what is no file. Nothing was changed.
    """
    _check(branch, other, settle)
    return merge_into(branch, other, name, prefer, _settling(branch.repo, prefer, settle))


def _settling(repo: Repository, prefer: Side | None, settle: Mapping[str, Choice]) -> SettleAny:
    def settled(key: str, conflict: Conflict, write: Write) -> Settled | None:
        is_file = key.startswith(_FILES)
        joined = merge_file(repo, conflict, None, write) if is_file else None
        if joined is not None:
            return Settled(joined)
        choice = settle.get(key)
        if choice == "ours" or choice == "theirs":
            return Settled(conflict.ours if choice == "ours" else conflict.theirs)
        if isinstance(choice, bytes):
            oid, size = write_blob(choice, repo.hasher, write)
            there = conflict.ours or conflict.theirs or conflict.base
            return Settled(Entry(_PLAIN if there is None else there.mode, oid, size))
        joined = merge_file(repo, conflict, prefer, write) if is_file and prefer else None
        return None if joined is None else Settled(joined)

    return settled


def _check(branch: Branch, other: Oid, settle: Mapping[str, Choice]) -> None:
    if not settle:
        return
    there = {item.key for item in disputed(branch, other, ("", ""))}
    for key, choice in settle.items():
        if isinstance(choice, bytes) and not key.startswith(_FILES):
            raise InvalidValue(f"settle[{key!r}]", "is content, which only a file has; it takes 'ours' or 'theirs'")
        if not isinstance(choice, bytes) and choice not in ("ours", "theirs"):
            raise InvalidValue(f"settle[{key!r}]", f"is {choice!r}; it takes 'ours', 'theirs' or the bytes of a file")
        if key not in there:
            raise InvalidValue(f"settle[{key!r}]", "names what is in no conflict")
