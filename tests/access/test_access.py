"""Grants, tokens and their log in one store."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from objstore.access.access import Access
from objstore.access.audit import Actor, AuditHead
from objstore.access.grant import parse_grant
from objstore.access.token import decode_token
from objstore.errors import (
    AccessDenied,
    BrokenAudit,
    CorruptObject,
    InvalidGrant,
    InvalidToken,
    StoreClosed,
    UnknownGrant,
    UnknownToken,
)

SECOND = 1_000_000


class Clock:
    """A time that tests set."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access.sqlite"


@pytest.fixture
def access(path: Path, clock: Clock) -> Iterator[Access]:
    made = opened(path, clock)
    yield made
    made.close()


def opened(path: Path, clock: Clock, start: int = 1) -> Access:
    numbers = count(start)
    return Access(path, clock, lambda size: next(numbers).to_bytes(size, "big"), "root")


def test_a_token_stands_for_its_principal_and_its_grants(access: Access) -> None:
    access.grant("ada", "conversations/team", ["read", "append"])
    text, made = access.create_token("ada", note="laptop")
    caller = access.identify(text)
    assert (caller.principal, caller.token) == ("ada", made.id)
    caller.check("append", "conversations/team/x")
    with pytest.raises(AccessDenied, match="ada has no right to force in conversations/team"):
        caller.check("force", "conversations/team")
    with pytest.raises(AccessDenied):
        caller.check("read", "conversations/other")


def test_a_principal_without_grants_may_nothing(access: Access) -> None:
    text, _ = access.create_token("ada")
    with pytest.raises(AccessDenied):
        access.identify(text).check("read", "conversations/c1")


def test_grants_count_at_once_for_tokens_that_are_in_use(access: Access) -> None:
    text, _ = access.create_token("ada")
    access.grant("ada", "a", ["read"])
    access.identify(text).check("read", "a")
    access.revoke("ada", "a")
    with pytest.raises(AccessDenied):
        access.identify(text).check("read", "a")
    with pytest.raises(UnknownGrant):
        access.revoke("ada", "a")


def test_a_revocation_in_another_process_counts_at_once(access: Access, path: Path, clock: Clock) -> None:
    access.grant("ada", "a", ["read"])
    text, made = access.create_token("ada")
    access.identify(text)
    other = opened(path, clock, 100)
    other.revoke_token(made.id)
    other.close()
    with pytest.raises(InvalidToken, match="revoked"):
        access.identify(text)


def test_an_expired_token_is_refused_though_it_was_seen_before(access: Access, clock: Clock) -> None:
    text, _ = access.create_token("ada", expires=60)
    access.identify(text)
    clock.now += 59 * SECOND
    access.identify(text)
    clock.now += SECOND
    with pytest.raises(InvalidToken, match="expired"):
        access.identify(text)


def test_an_unknown_token_is_refused(access: Access, tmp_path: Path, clock: Clock) -> None:
    other = opened(tmp_path / "other.sqlite", clock, 7)
    stolen, _ = other.create_token("ada")
    other.close()
    with pytest.raises(InvalidToken, match="unknown"):
        access.identify(stolen)


def test_a_narrowed_token_may_no_more_than_both(access: Access, clock: Clock) -> None:
    access.grant("ada", "conversations", ["read", "append"])
    text, parent = access.create_token("ada", expires=3600)
    narrow, child = access.narrow_token(
        access.identify(text), narrowed=[parse_grant("conversations/c1:append"), parse_grant(":force")], expires=7200
    )
    caller = access.identify(narrow)
    caller.check("append", "conversations/c1")
    for verb, ref in (("read", "conversations/c1"), ("append", "conversations/c2"), ("force", "conversations/c1")):
        with pytest.raises(AccessDenied):
            caller.check(verb, ref)  # type: ignore[arg-type]
    assert (child.parent, child.expires) == (parent.id, parent.expires)
    access.revoke("ada", "conversations")
    with pytest.raises(AccessDenied):
        access.identify(narrow).check("append", "conversations/c1")


def test_what_was_narrowed_from_a_token_is_revoked_with_it(access: Access) -> None:
    texts = [access.create_token("ada")[0]]
    for _ in range(7):
        texts.append(access.narrow_token(access.identify(texts[-1]))[0])
    with pytest.raises(InvalidGrant, match="narrowed 7 times"):
        access.narrow_token(access.identify(texts[-1]))
    apart, _ = access.create_token("ada")
    revoked = access.revoke_token(access.identify(texts[2]).token)
    assert len(revoked) == 6
    for text in texts[2:]:
        with pytest.raises(InvalidToken):
            access.identify(text)
    for text in (*texts[:2], apart):
        access.identify(text)
    with pytest.raises(UnknownToken):
        access.revoke_token("0" * 16)


def test_only_a_hash_is_kept_and_only_the_owner_reads_it(access: Access, path: Path) -> None:
    text, _ = access.create_token("ada")
    access.close()
    secret = decode_token(text)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for file in path.parent.iterdir():
        data = file.read_bytes()
        assert b"ada" in data  # the control: what is kept can be found
        assert text.encode() not in data
        assert secret not in data


@pytest.mark.parametrize("seconds", [0, -1, 10**11])
def test_a_time_to_live_that_makes_no_sense_is_refused(access: Access, seconds: int) -> None:
    with pytest.raises(InvalidGrant):
        access.create_token("ada", expires=seconds)


@pytest.mark.parametrize("name", ["", "a b", "a\n", "x" * 201])
def test_a_principal_that_is_no_name_is_refused(access: Access, name: str) -> None:
    for make in (lambda: access.grant(name, "", ["read"]), lambda: access.create_token(name)):
        with pytest.raises(InvalidGrant):
            make()


def test_every_change_and_refusal_is_in_the_log(access: Access) -> None:
    access.grant("ada", "a", ["read"])
    access.grant("ada", "a", ["read", "append"], by=Actor("bob", "t0", "r1"))
    _, made = access.create_token("ada")
    access.revoke_token(made.id)
    access.revoke("ada", "a")
    access.refused(Actor("eve", "t9", "r2"), "append", "conversations/c1", "AccessDenied")
    records = list(access.audit())
    assert [(each.principal, each.action, each.subject, each.old, each.new) for each in records] == [
        ("root", "grant", "ada", "", "a:read"),
        ("bob", "grant", "ada", "a:read", "a:read,append"),
        ("root", "create-token", made.id, "", "ada all"),
        ("root", "revoke-token", made.id, "", ""),
        ("root", "revoke-grant", "ada", "a:read,append", ""),
        ("eve", "refuse", "conversations/c1", "", "append"),
    ]
    assert (records[1].token, records[1].request, records[5].result) == ("t0", "r1", "AccessDenied")
    assert access.verify_audit().sequence == 6
    assert [each.sequence for each in access.audit(4, limit=1)] == [5]


def test_a_flood_of_refusals_is_counted_not_written(access: Access, clock: Clock) -> None:
    for _ in range(1000):
        access.refused(Actor("eve"), "read", "a", "InvalidToken")
    assert access.verify_audit().sequence == 10
    clock.now += SECOND
    access.refused(Actor("eve"), "read", "a", "InvalidToken")
    assert list(access.audit())[-1].old == "990 more were refused before"


def test_a_text_of_any_kind_is_cut_and_kept(access: Access) -> None:
    access.refused(Actor("\ud800" * 5000, "\x00" * 5000), "\U0001f600" * 5000, "\n" * 5000, "x" * 5000)
    (record,) = access.audit()
    assert len(record.new) == len(record.subject) == 1024
    assert access.verify_audit().sequence == 1


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE audit SET record = replace(record, 'ada', 'eve') WHERE sequence = 3", 3),
        ("UPDATE audit SET hash = zeroblob(32) WHERE sequence = 3", 3),
        ("DELETE FROM audit WHERE sequence = 3", 3),
        ("DELETE FROM audit WHERE sequence = 1", 1),
        ("UPDATE audit SET sequence = 9 WHERE sequence = 5", 5),
        ("UPDATE audit SET record = x'00' WHERE sequence = 2", 2),
    ],
)
def test_a_log_that_was_altered_is_told(access: Access, path: Path, change: str, found: int) -> None:
    for number in range(5):
        access.grant("ada", f"a{number}", ["read"])
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(BrokenAudit) as caught:
        access.verify_audit()
    assert caught.value.sequence == found


def test_a_log_that_was_cut_or_written_anew_is_told_by_what_was_known(access: Access, path: Path) -> None:
    for number in range(5):
        access.grant("ada", f"a{number}", ["read"])
    known = access.verify_audit()
    access.grant("ada", "b", ["read"])
    assert access.verify_audit(known).sequence == 6
    with pytest.raises(BrokenAudit):
        access.verify_audit(AuditHead(5, bytes(32)))
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM audit WHERE sequence > 4")
    connection.close()
    assert access.verify_audit().sequence == 4
    with pytest.raises(BrokenAudit):
        access.verify_audit(known)


def test_a_file_of_something_else_is_not_used(path: Path, clock: Clock) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 7")
    connection.close()
    with pytest.raises(CorruptObject):
        opened(path, clock).grants()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(CorruptObject):
        opened(path, clock).grants()


def test_a_closed_one_says_so(access: Access) -> None:
    access.close()
    access.close()
    with pytest.raises(StoreClosed):
        access.grants()


def test_two_processes_that_begin_at_once_share_one_file(path: Path, clock: Clock) -> None:
    one, two = opened(path, clock), opened(path, clock, 50)
    one.grant("ada", "a", ["read"])
    two.grant("ada", "b", ["read"])
    assert one.grants() == two.grants()
    assert one.verify_audit() == two.verify_audit()
    one.close()
    two.close()
