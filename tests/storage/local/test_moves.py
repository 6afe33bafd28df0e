from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from objstore.storage.local.moves import PATIENCE, Moves


def test_steps_that_happen_while_others_are_signed_stay() -> None:
    moves = Moves()
    moves.add(["a", "b"])
    counts = moves.counts()
    moves.add(["a"], 2)
    moves.signed(counts)
    assert moves.counts() == {"a": 2}
    moves.signed({"a": 5, "unknown": 1})
    assert moves.counts() == {}


def test_it_is_full_each_time_that_so_many_steps_were_made() -> None:
    moves, told = Moves(), list[int]()
    moves.full = lambda: told.append(1)
    for _ in range(PATIENCE - 1):
        moves.add(["a"])
    assert told == []
    moves.add(["b"])
    moves.add(["b"], PATIENCE)
    assert len(told) == 2


def test_no_step_is_lost_between_threads() -> None:
    moves = Moves()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: moves.add(["a"]), range(4000)))
    assert moves.counts() == {"a": 4000}
