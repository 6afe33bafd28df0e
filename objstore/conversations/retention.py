"""Which conversations may go: rules by prefix, planned first, carried out in one transaction that can be undone.

A conversation falls under the rule with the longest prefix that its name begins with; without a rule it stays. Under a
rule it stays if it is among the last to have changed, or changed lately, or has one of the tags that the rule spares.
Deleting is deleting a name: the log keeps what it was until the log itself expires, and `gc` frees the room.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple, cast

from objstore.errors import InvalidValue, MovedHead, RefConflict
from objstore.index.catalogue import NAMESPACE, Catalogue
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository
from objstore.repository.revisions import parse_time
from refs.edits import Note, RefEdit

_KEYS = {"prefix", "keep_last", "keep_within", "keep_tags"}
_PATIENCE = 8


class Rule(NamedTuple):
    """What stays of the conversations whose names begin with `prefix`: the `keep_last` that changed last, those that
    changed within `keep_within`, those with one of `keep_tags`. One of the first two must be given."""

    prefix: str = ""
    keep_last: int | None = None
    keep_within: timedelta | None = None
    keep_tags: tuple[str, ...] = ()


class Expired(NamedTuple):
    """A conversation that a rule lets go: its name, the prefix of the rule, when it last changed (µs), its head."""

    name: str
    prefix: str
    changed: int
    events: int
    head: Oid


class Expiry(NamedTuple):
    """What expired, and the number of the operation that deleted it (None: nothing was deleted)."""

    conversations: list[Expired]
    operation: int | None


def plan(catalogue: Catalogue, rules: Sequence[Rule], now: int) -> Iterator[Expired]:
    """The conversations that these rules let go, those that changed last first. InvalidValue: a rule is none."""
    _check(rules)
    by_length = sorted(rules, key=lambda rule: -len(rule.prefix))
    seen: Counter[str] = Counter()
    for row in catalogue.newest():
        rule = next((rule for rule in by_length if row.name.startswith(rule.prefix)), None)
        if rule is None:
            continue
        seen[rule.prefix] += 1
        within = rule.keep_within
        last = rule.keep_last is not None and seen[rule.prefix] <= rule.keep_last
        lately = within is not None and now - row.changed <= within // timedelta(microseconds=1)
        if not (last or lately or {*rule.keep_tags} & {*row.tags}):
            yield Expired(row.name, rule.prefix, row.changed, row.events, row.head)


def expire(repo: Repository, catalogue: Catalogue, rules: Sequence[Rule], dry_run: bool) -> Expiry:
    """Plan, and delete what was planned, all or nothing. MovedHead: others kept changing what was to go."""
    for attempt in range(_PATIENCE):
        found = list(plan(catalogue, rules, repo.now()))
        if dry_run or not found:
            return Expiry(found, None)
        edits = [RefEdit(NAMESPACE + item.name, None, item.head) for item in found]
        try:
            applied = repo.storage.apply((), edits, Note(repo.author, "expire", repo.now()))
        except RefConflict as conflict:  # it changed since it was planned, and may stay now
            if attempt + 1 < _PATIENCE:
                continue
            name = conflict.name.partition("/")[2]
            raise MovedHead(name, _oid(conflict.expected), _oid(conflict.actual)) from conflict
        return Expiry(found, applied.transaction)
    raise AssertionError("the last attempt returns or raises")


def parse_rules(text: str) -> list[Rule]:
    """Rules from TOML: `[[rule]]` with prefix, keep_last, keep_within ("30 days"), keep_tags. InvalidValue."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValue("rules", f"are no TOML: {error}") from None
    items: object = document.get("rule")
    if not isinstance(items, list) or {*document} != {"rule"}:
        raise InvalidValue("rules", "are not written as [[rule]] tables")
    rules = [_rule(f"rule[{number}]", item) for number, item in enumerate(cast("list[object]", items))]
    _check(rules)
    return rules


def parse_period(text: str, name: str = "period") -> timedelta:
    """A length of time as people write it: "30 days", "12h". InvalidValue."""
    then = parse_time(f"{text} ago", 0)
    if then is None:
        raise InvalidValue(name, f"is {text!r}, which is no length of time such as '30 days' or '12h'")
    return timedelta(microseconds=-then)


def _rule(name: str, item: object) -> Rule:
    if not isinstance(item, dict):
        raise InvalidValue(name, "is no table")
    fields = cast("dict[str, object]", item)
    if strange := sorted({*fields} - _KEYS):
        raise InvalidValue(f"{name}.{strange[0]}", f"is unknown; there are {', '.join(sorted(_KEYS))}")
    prefix, last = fields.get("prefix", ""), fields.get("keep_last")
    within, tags = fields.get("keep_within"), fields.get("keep_tags", [])
    if not isinstance(prefix, str):
        raise InvalidValue(f"{name}.prefix", "is no text")
    if last is not None and type(last) is not int:
        raise InvalidValue(f"{name}.keep_last", "is no number")
    if within is not None and not isinstance(within, str):
        raise InvalidValue(f"{name}.keep_within", "is no text such as '30 days'")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in cast("list[object]", tags)):
        raise InvalidValue(f"{name}.keep_tags", "is no list of texts")
    period = None if within is None else parse_period(within, f"{name}.keep_within")
    return Rule(prefix, last, period, tuple(cast("list[str]", tags)))


def _check(rules: Iterable[Rule]) -> None:
    """InvalidValue: a rule that keeps nothing, a number below 0, or two rules for one prefix."""
    prefixes: set[str] = set()
    for rule in rules:
        name = f"rule {rule.prefix!r}"
        if rule.keep_last is None and rule.keep_within is None:
            raise InvalidValue(name, "says neither keep_last nor keep_within, and would let everything go")
        if (rule.keep_last or 0) < 0 or (rule.keep_within or timedelta()) < timedelta():
            raise InvalidValue(name, "keeps less than nothing")
        if rule.prefix in prefixes:
            raise InvalidValue(name, "is there twice")
        prefixes.add(rule.prefix)


def _oid(value: bytes | None) -> Oid | None:
    return None if value is None else Oid(value)
