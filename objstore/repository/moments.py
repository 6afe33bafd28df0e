"""Moments of one branch, in every form that `at`, `rewind` and `diff` accept."""

from __future__ import annotations

from datetime import datetime

from objstore.errors import InvalidRevision, UnknownRevision
from objstore.objects.kinds import Oid
from objstore.repository.branch import Branch
from objstore.repository.commit import CommitInfo
from objstore.repository.history import is_on_chain, with_events
from objstore.repository.revisions import (
    as_of_time,
    microseconds,
    parse_moment,
    parse_time,
    peel,
    resolve,
    resolve_in,
)

_ID_DIGITS = 64
_MAX_DIGITS = 18


class Within(str):
    """A moment as text that means this branch alone: "3" (events), "#3", "~2", "@{2 hours ago}", a time, a whole id of
    its first-parent chain. Other names and other histories' ids are as unknown as if they were not there.

    For callers who may see one branch and not the rest of the store.
    """

    __slots__ = ()


When = int | str | datetime | CommitInfo
"""A number of events, a commit, a time, or a text: "#3", "~2", "@{2 hours ago}", "2 hours ago", an id, another name."""


def locate(branch: Branch, moment: When) -> Oid:
    """The commit of a branch at a moment. IndexError for a number beyond the end; InvalidRevision, UnknownRevision."""
    repo = branch.repo
    if isinstance(moment, CommitInfo):
        return peel(repo, moment.oid)
    head = branch.need_head()
    if isinstance(moment, bool):
        raise InvalidRevision(str(moment), "it is neither a number of events, a commit, a time nor a text")
    if isinstance(moment, int):
        found = with_events(repo, head, moment)
        if found is None:
            raise UnknownRevision(f"#{moment}", "nothing was there yet")
        return found
    if isinstance(moment, datetime):
        return as_of_time(repo, head, microseconds(moment), moment.isoformat())
    time = parse_time(moment, repo.now())
    if time is not None:
        return as_of_time(repo, head, time, moment)
    if isinstance(moment, Within):
        return _locate_within(branch, head, moment)
    parsed = parse_moment(moment)
    if parsed.path is not None:
        raise InvalidRevision(moment, "a path has no place here")
    if not parsed.name:
        return resolve_in(repo, branch.name, head, parsed)
    if parsed.name == branch.short_name:
        return resolve_in(repo, branch.name, head, parsed)
    return resolve(repo, parsed)


def _locate_within(branch: Branch, head: Oid, text: Within) -> Oid:
    if text.isdecimal() and text.isascii() and len(text) <= _MAX_DIGITS:
        return locate(branch, int(text))
    if len(text) == _ID_DIGITS:
        try:
            oid = Oid(bytes.fromhex(text))
            # Whatever object has the id: one of another kind or history must look like none at all.
            if peel(branch.repo, oid) == oid and is_on_chain(branch.repo, oid, head):
                return oid
        except (ValueError, UnknownRevision):
            pass
        raise UnknownRevision(text, "no commit of this history has this id")
    parsed = parse_moment(text)
    if parsed.name or parsed.path is not None:
        raise InvalidRevision(text, "moments here are 3, #3, ~2, @{2 hours ago}, a time, or a whole id")
    return resolve_in(branch.repo, branch.name, head, parsed)
