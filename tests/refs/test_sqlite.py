from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from refs.contract.support import SECOND, grow, note, put, spans, state, value_of
from refs.edits import ABSENT, ANY, RefEdit
from refs.errors import BrokenLog, RefConflict
from refs.sqlite import BLOCK_BITS, SqliteRefs, create_tables, moving, reader
from tests.refs.databases import Database

GOLDEN = Path(__file__).parent.parent / "golden" / "refs" / "schema.sql"
BLOCK = 1 << BLOCK_BITS


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "refs.db")
    yield database
    database.close()


def test_the_tables_stay_as_they_are(database: Database) -> None:
    rows = database.connect().execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    assert ";\n".join(sql for (sql,) in rows) + ";\n" == GOLDEN.read_text()


def test_creating_tables_again_keeps_what_they_hold(database: Database) -> None:
    put(database.refs, "a", b"1")
    before = state(database.refs)
    create_tables(database.connect())
    assert state(database.refs) == before
    assert put(database.refs, "a", b"2").transaction == 2


def test_tables_are_created_in_the_callers_transaction(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    create_tables(connection)
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize(
    "query", ["_HEAD", "_GET", "_FIND", "_LOG", "_AT", "_AT_TIME", "_VERIFY", "_BLOCK_BELOW", "_OPERATIONS"]
)
def test_no_query_scans_a_table(database: Database, query: str) -> None:
    sql = getattr(moving if query == "_HEAD" else reader, query)
    values = (b"",) * (3 if "?1" in sql else sql.count("?"))
    plan = [row[3] for row in database.connect().execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert plan
    assert not [line for line in plan if line.startswith("SCAN")]


# Inside the caller's transaction


def test_edits_belong_to_the_callers_transaction(database: Database) -> None:
    connection, refs = database.connect(), database.refs
    connection.execute("BEGIN IMMEDIATE")
    refs.apply_in(connection, [RefEdit("a", b"1", ABSENT)], note(0))
    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert state(refs) == ({}, [])


def test_a_conflict_leaves_the_callers_transaction_open_and_unchanged(database: Database) -> None:
    connection, refs = database.connect(), database.refs
    put(refs, "b", b"1")
    before = state(refs)
    connection.execute("BEGIN IMMEDIATE")
    changes = connection.total_changes
    with pytest.raises(RefConflict):
        refs.apply_in(connection, [RefEdit("a", b"1", ABSENT), RefEdit("b", b"2", b"9")], note(0))
    assert connection.in_transaction
    assert connection.total_changes == changes
    connection.execute("COMMIT")
    assert state(refs) == before


def test_a_savepoint_rolled_back_takes_its_edits_along_and_only_them(database: Database) -> None:
    connection, refs = database.connect(), database.refs
    connection.execute("BEGIN IMMEDIATE")
    kept: list[int] = []
    for turn in range(3 * BLOCK):
        connection.execute("SAVEPOINT one")
        applied = refs.apply_in(connection, [RefEdit(f"n/{turn % 5}", b"%d" % turn, ANY)], note(0))
        if turn % 3 == 0:
            connection.execute("ROLLBACK TO one")
        else:
            kept.append(applied.transaction)
        connection.execute("RELEASE one")
    connection.execute("COMMIT")
    assert kept == sorted(set(kept))
    assert [number for number, _ in refs.operations()] == kept[::-1]
    for name in ("n/0", "n/1", "n/2", "n/3", "n/4"):
        refs.verify(name)


def test_an_error_in_apply_leaves_no_transaction_open(database: Database) -> None:
    database.connect().execute("DROP INDEX reflog_by_step")
    database.connect().execute("CREATE UNIQUE INDEX reflog_by_step ON reflog (why)")
    put(database.refs, "a", b"1")
    with pytest.raises(sqlite3.IntegrityError):
        put(database.refs, "b", b"1")
    assert not database.connect().in_transaction
    assert database.refs.get("b") is None


# Transaction numbers


def test_numbers_rise_over_stores_that_take_turns_on_one_file(database: Database) -> None:
    stores = [SqliteRefs(database.connect) for _ in range(3)]
    order = [0, 0, 1, 1, 0, 2, 2, 2, 1, 0, 0, 2] * 30
    numbers = [put(stores[which], "a", b"1").transaction for which in order]
    assert numbers == sorted(set(numbers))


def test_a_block_whose_reservation_was_rolled_back_is_not_used_twice(database: Database) -> None:
    connection, one, other = database.connect(), SqliteRefs(database.connect), SqliteRefs(database.connect)
    connection.execute("BEGIN IMMEDIATE")
    one.apply_in(connection, [RefEdit("a", b"1", ANY)], note(0))
    connection.execute("ROLLBACK")
    numbers = [put(other, "a", b"2").transaction, put(other, "a", b"3").transaction]  # the same block, now the other's
    numbers += [put(one, "a", b"4").transaction, put(other, "a", b"5").transaction]
    assert numbers == sorted(set(numbers))


def test_a_reopened_store_goes_on_above_all_numbers(database: Database) -> None:
    numbers = [put(SqliteRefs(database.connect), "a", b"1").transaction for _ in range(5)]
    assert numbers == sorted(set(numbers))


def test_a_forked_process_does_not_share_its_parents_numbers(database: Database) -> None:
    refs = database.refs
    put(refs, "a", b"1")
    to_child, to_parent = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        os.close(to_child[1])
        try:
            own = sqlite3.connect(database.path, isolation_level=None)
            change(refs, own, "child", "ROLLBACK")  # it had reserved a block, which the parent reserves next
            os.write(to_parent[1], b".")
            os.read(to_child[0], 1)
            change(refs, own, "child", "COMMIT")
            status = 0
        finally:
            os._exit(status)
    os.close(to_parent[1])  # so that a child that fails ends the wait
    assert os.read(to_parent[0], 1)
    for _ in range(BLOCK):
        put(refs, "parent", b"1")
    os.write(to_child[1], b".")
    assert os.waitpid(child, 0)[1] == 0
    put(refs, "z", b"1")
    for end in (*to_child, to_parent[0]):
        os.close(end)
    names = [[entry.name for entry in entries] for _, entries in refs.operations()]
    assert names == [["z"], ["child"], *[["parent"]] * BLOCK, ["a"]]


def change(refs: SqliteRefs, connection: sqlite3.Connection, name: str, end: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    refs.apply_in(connection, [RefEdit(name, b"1", ABSENT)], note(0))
    connection.execute(end)


def test_a_lone_store_writes_one_page_for_a_step_that_extends_a_run(database: Database) -> None:
    connection, refs = database.connect(), database.refs
    for other in range(50):  # other refs, so that the tables have more than one page
        put(refs, f"other/{other}", b"x" * 200, when=0)
    grow(refs, "a", BLOCK)
    pages: list[int] = []
    for turn in range(BLOCK):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        put(refs, "a", b"%032d" % turn, when=BLOCK * SECOND, step=True)
        pages.append((database.path.with_name("refs.db-wal").stat().st_size - 32) // (4096 + 24))
    assert spans(refs, "a") == [(1, 2 * BLOCK)]
    # Once a block, its reservation and its index are written too.
    assert sorted(pages)[:-1] == [1] * (BLOCK - 1)
    assert max(pages) <= 4


# Damage


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE reflog SET new = x'00' WHERE first = 3",
        "UPDATE reflog SET old = NULL WHERE first = 3",
        "UPDATE reflog SET last = last + 1 WHERE first = 5",
        "UPDATE reflog SET first = 'junk' WHERE first = 3",
        "UPDATE reflog SET began = began - 1 WHERE first = 3",
        "UPDATE reflog SET ended = 'noon' WHERE first = 5",
        "UPDATE reflog SET who = 'someone else' WHERE first = 1",
        "UPDATE reflog SET why = CAST(x'ff' AS TEXT) WHERE first = 3",
        "UPDATE reflog SET before = zeroblob(32) WHERE first = 3",
        "UPDATE reflog SET chain = zeroblob(32) WHERE first = 5",
        "UPDATE reflog SET chain = zeroblob(32) WHERE first = 3",
        "DELETE FROM reflog WHERE first = 1",
        "DELETE FROM reflog WHERE first = 3",
        "DELETE FROM reflog WHERE first = 5",
        "DELETE FROM reflog",
        "UPDATE refs SET entry = (SELECT id FROM reflog WHERE first = 3)",
        "UPDATE refs SET entry = 999",
        "UPDATE refs SET name = 'b'",
    ],
)
def test_what_was_changed_behind_the_store_is_found_by_verify(database: Database, damage: str) -> None:
    refs = database.refs
    for value in (b"1", b"2", b"3", b"4"):
        put(refs, "a", value)
    for value in (b"5", b"6"):
        put(refs, "a", value, step=True)
    assert spans(refs, "a") == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 6)]
    refs.verify("a")
    assert database.connect().execute(damage).rowcount > 0
    with pytest.raises(BrokenLog) as caught:
        verify_all(refs, "a", "b")
    assert caught.value.sequence in range(1, 8)


def verify_all(refs: SqliteRefs, *names: str) -> None:
    for name in names:
        refs.verify(name)


def test_a_ref_whose_newest_entry_is_gone_is_reported_and_never_taken_for_absent(database: Database) -> None:
    put(database.refs, "a", b"1")
    database.connect().execute("DELETE FROM reflog")
    for ask in (
        lambda: database.refs.get("a"),
        lambda: list(database.refs.find()),
        lambda: put(database.refs, "a", b"2"),
    ):
        with pytest.raises(BrokenLog):
            ask()
    put(database.refs, "b", b"1")
    assert value_of(database.refs, "b") == b"1"


@pytest.mark.parametrize("damage", ["'text'", "17"])
def test_a_value_that_is_no_bytes_any_more_is_a_broken_log(database: Database, damage: str) -> None:
    put(database.refs, "a", b"1")
    database.connect().execute(f"UPDATE reflog SET new = {damage}")
    for read in (
        lambda: database.refs.get("a"),
        lambda: list(database.refs.find()),
        lambda: database.refs.newest("a"),
        lambda: put(database.refs, "a", b"2", b"1"),
    ):
        with pytest.raises(BrokenLog):
            read()


def test_a_ref_that_leads_into_another_names_log_is_broken_and_gives_no_others_value(database: Database) -> None:
    put(database.refs, "a", b"1")
    put(database.refs, "b", b"2")
    connection = database.connect()
    connection.execute("UPDATE refs SET entry = (SELECT entry FROM refs WHERE name = 'b') WHERE name = 'a'")
    reads: list[Callable[[], object]] = [
        lambda: database.refs.get("a"),
        lambda: list(database.refs.find()),
        lambda: database.refs.newest("a"),
        lambda: put(database.refs, "a", b"3"),
        lambda: database.refs.verify("a"),
    ]
    for read in reads:
        with pytest.raises(BrokenLog):
            read()
    assert value_of(database.refs, "b") == b"2"


def test_a_name_that_damage_made_a_number_is_a_broken_log_for_who_lists(tmp_path: Path) -> None:
    path = tmp_path / "refs.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        create_tables(connection)
        refs = SqliteRefs(lambda: connection)
        put(refs, "zbcdefgh", b"1")
        put(refs, "b", b"2")
    data = path.read_bytes()
    # An entry of the index by name says that eight bytes are text (0x1d); now they are a float (7).
    entry = re.search(rb"\x03\x1d.zbcdefgh", data, re.DOTALL)
    assert entry is not None
    damaged = data[: entry.start() + 1] + b"\x07" + data[entry.start() + 2 :]
    path.write_bytes(damaged)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, pytest.raises(BrokenLog):
        list(SqliteRefs(lambda: connection).find())
