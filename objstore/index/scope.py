"""What a search is limited to: who speaks, which tool, which conversations, when, and the moment that it looks back from."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from objstore.errors import InvalidRevision
from objstore.index.about import mark, same_role
from objstore.index.words import storable
from objstore.objects.kinds import Oid
from objstore.repository.commit import CommitInfo
from objstore.repository.repository import Repository
from objstore.repository.revisions import microseconds, parse_moment, parse_time, resolve

When = str | datetime
"""A time: a datetime (UTC if it has no zone), or a text such as "2026-11-01" or "2 hours ago"."""

EARLIEST: Final = -(1 << 62)
LATEST: Final = 1 << 62


class Scope(NamedTuple):
    """The limits of a search.

    `prefix`: of the conversations' names. `marks`: words that stand for role and tool. `since` (included) and `until`
    (excluded): the event's own time, in µs. `as_of`: only what was committed at or before this time, in µs. `commit`:
    only its history, whose moments are named after `label`.
    """

    prefix: str = ""
    marks: tuple[str, ...] = ()
    since: int = EARLIEST
    until: int = LATEST
    as_of: int = LATEST
    commit: Oid | None = None
    label: str = ""

    @property
    def has_times(self) -> bool:
        """Whether the event's own time matters."""
        return self.since > EARLIEST or self.until < LATEST


def scope_of(
    repo: Repository,
    *,
    prefix: str = "",
    role: str | None = None,
    tool: str | None = None,
    since: When | None = None,
    until: When | None = None,
    at: When | CommitInfo | None = None,
) -> Scope:
    """The limits as a caller words them. InvalidRevision, UnknownRevision, AmbiguousId."""
    marks = [mark("role", same_role(role))] if role is not None else []
    marks += [mark("tool", tool)] if tool is not None else []
    scope = Scope(
        prefix=storable(prefix),
        marks=tuple(marks),
        since=EARLIEST if since is None else _time(since, repo.now()),
        until=LATEST if until is None else _time(until, repo.now()),
    )
    if at is None:
        return scope
    if isinstance(at, CommitInfo):
        return scope._replace(commit=at.oid, label=at.id[:12])
    if isinstance(at, datetime):
        return scope._replace(as_of=microseconds(at))
    time = parse_time(at, repo.now())
    if time is not None:
        return scope._replace(as_of=time)
    moment = parse_moment(at)
    if not moment.name:
        raise InvalidRevision(at, "it begins with no name, and is no time")
    if moment.path is not None:
        raise InvalidRevision(at, "a path has no place here")
    return scope._replace(commit=resolve(repo, moment), label=moment.name)


def _time(when: When, now: int) -> int:
    if isinstance(when, datetime):
        return microseconds(when)
    time = parse_time(when, now)
    if time is None:
        raise InvalidRevision(when, 'it is no time. Times are written 2026-11-01, 2026-11-01T10:00:00Z, "2 hours ago"')
    return time
