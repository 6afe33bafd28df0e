"""The protocol of collecting beside writers, as a small model whose every interleaving is searched.

The model has a journal with numbered rows, packs, the intake, the lock with its counters, the gate, and leases, as
storage/local has them; processes make one step at a time and may die. Promised are: what refs name is there, with all
that it names; whatever can be found has all that it names; and no stage is refused because of what it was told is here.
The whole protocol keeps them. Without any one of its measures some interleaving breaks one: each is needed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

NAMES = {"A": frozenset("B"), "B": frozenset[str](), "C": frozenset[str]()}
"""Objects with what they name: A names B."""

MEASURES = {
    "compare": "a write compares the count of deletions under the lock with what it was when it looked",
    "gate": "who sees the count raised waits until that deletion is over before he looks",
    "gate at opening": "so does who opens a store whose count is not 0",
    "count first": "the count is raised before the deletion is committed, not after",
    "settle": "the collector has the intake taken up before it marks what moved",
    "mark again": "what moved since marking is marked with the writers waiting",
    "at once": "all that is not marked goes in one transaction",
    "moves": "a collector that was overtaken by another begins anew",
    "pack compares": "a packer lists nothing that was copied before a deletion",
    "leases": "a stage writes down what it was told is here",
    "ask behind the gate": "it asks and writes that down behind the gate",
}


class Shared(NamedTuple):
    """What all processes see. `gate`: who holds it alone; `asking`: who hold it shared."""

    rows: tuple[tuple[int, str], ...]
    packed: frozenset[str]
    intake: tuple[tuple[frozenset[str], str], ...] = ()
    refs: frozenset[str] = frozenset()
    losses: int = 0
    moves: int = 0
    lock: int | None = None
    gate: int | None = None
    asking: frozenset[int] = frozenset()
    leases: frozenset[tuple[int, str]] = frozenset()


class State(NamedTuple):
    shared: Shared
    locals: tuple[tuple[Any, ...], ...]
    """Of each process: where it is (END: nowhere any more), and what it remembers."""


Step = tuple[Shared, tuple[Any, ...]]
Process = Callable[[int, Shared, tuple[Any, ...], frozenset[str]], Iterator[Step]]
"""The steps that a process can make: none while it waits. The last argument are the measures that are taken."""

START, END, REFUSED = ("start",), ("end",), ("refused",)


def found(shared: Shared) -> frozenset[str]:
    """What a reader finds."""
    rows = frozenset(obj for _, obj in shared.rows)
    return rows.union(shared.packed, *(objects for objects, _ in shared.intake))


def closure(roots: frozenset[str]) -> frozenset[str]:
    """What these reach."""
    return roots.union(*(NAMES[obj] for obj in roots))


def insert(shared: Shared, objects: frozenset[str]) -> Shared:
    """New rows; the number of a last row that is gone is given anew."""
    rows = shared.rows
    for obj in sorted(objects):
        rows = (*rows, (max((number for number, _ in rows), default=0) + 1, obj))
    return shared._replace(rows=rows)


def taken_up(shared: Shared) -> Shared:
    """The journal has what was in the intake."""
    for objects, ref in shared.intake:
        shared = insert(shared, objects)._replace(refs=shared.refs.union(ref))
    return shared._replace(intake=())


def freed(me: int, shared: Shared) -> Shared:
    """Nothing is held by a process any more: it is done with it, or dead."""
    return shared._replace(
        lock=None if shared.lock == me else shared.lock,
        gate=None if shared.gate == me else shared.gate,
        asking=shared.asking - {me},
    )


def catches_up(shared: Shared, seen: int, measures: frozenset[str], measure: str = "gate") -> bool:
    """Whether a process may go by the count now, having seen another one."""
    return shared.losses == seen or measure not in measures or shared.gate is None


def writer(target: str, brings: bool, ref: bool = True) -> Process:
    """Sets a ref to `target` (or no ref: it only writes objects). `brings`: it has its bytes, and of what it names, and
    writes what it does not find; else it saw the object in the store, and gives up when it is gone."""
    value = target if ref else ""
    wanted = closure(frozenset(target)) if brings else frozenset[str]()

    def process(me: int, shared: Shared, local: tuple[Any, ...], measures: frozenset[str]) -> Iterator[Step]:
        match local:
            case ("start",):
                if catches_up(shared, 0, measures, "gate at opening"):
                    yield shared, ("opened", shared.losses)
            case ("opened", first):
                if brings or target in found(shared):
                    yield shared, ("saw", first)
                else:
                    yield shared, END
            case ("saw", first):
                if catches_up(shared, first, measures):
                    yield shared, ("looks", first, shared.losses)
            case ("looks", first, losses):
                here = found(shared)
                if not brings and losses != first and target not in here:
                    yield shared, END
                else:
                    yield shared, ("waits", losses, wanted - here)
            case ("waits", losses, fresh):
                if shared.lock is None:
                    yield shared._replace(lock=me), ("writes", losses, fresh)
            case ("writes", losses, fresh):
                if losses == shared.losses or "compare" not in measures:
                    yield shared._replace(intake=(*shared.intake, (fresh, value))), ("wrote",)
                elif brings or target in found(shared):
                    whole = taken_up(shared)
                    whole = insert(whole, wanted - found(whole))
                    yield whole._replace(refs=whole.refs.union(value)), ("wrote",)
                else:
                    yield freed(me, shared), END
            case _:
                yield freed(me, shared), END

    return process


def stage(me: int, shared: Shared, local: tuple[Any, ...], measures: frozenset[str]) -> Iterator[Step]:
    """Asks for A, and if it is here relies on that for as long as it takes."""
    match local:
        case ("start",):
            if "ask behind the gate" not in measures:
                yield shared, ("asks",)
            elif shared.gate is None:
                yield shared._replace(asking=shared.asking | {me}), ("asks",)
        case ("asks",):
            yield shared, ("told", "A" in found(shared))
        case ("told", True):
            kept = shared.leases | {(me, "A")} if "leases" in measures else shared.leases
            yield shared._replace(leases=kept, asking=shared.asking - {me}), ("waits",)
        case ("told", False):
            yield freed(me, shared), END
        case ("waits",):
            if shared.lock is None:
                yield shared._replace(lock=me), ("writes",)
        case ("writes",):
            if "A" in found(shared):
                whole = taken_up(shared)
                yield whole._replace(refs=whole.refs | {"A"}), ("wrote",)
            else:
                yield freed(me, shared), REFUSED
        case _:
            kept = frozenset(lease for lease in shared.leases if lease[0] != me)
            yield freed(me, shared)._replace(leases=kept), END


def collector(me: int, shared: Shared, local: tuple[Any, ...], measures: frozenset[str]) -> Iterator[Step]:
    """Deletes what nothing reaches. It may die at any step that holds the lock."""
    if shared.lock == me:
        yield freed(me, shared), END
    match local:
        case ("start",):
            yield shared, ("roots", closure(shared.refs.union(*(ref for _, ref in shared.intake))))
        case ("roots", marks):
            if shared.lock is None:
                whole = taken_up(shared)
                yield whole, ("marked", marks, whole.rows, whole.packed, whole.moves)
        case ("marked", *marked):
            if shared.lock is None:
                yield shared._replace(lock=me), ("locked", *marked)
        case ("locked", *marked):
            if not shared.asking:
                yield shared._replace(gate=me), ("shut", *marked)
        case ("shut", *marked):
            yield taken_up(shared) if "settle" in measures else shared, ("settled", *marked)
        case ("settled", marks, rows, packed, moves):
            if "moves" in measures and shared.moves != moves:
                yield freed(me, shared), END
                return
            if "mark again" in measures:
                last = max((number for number, _ in rows), default=0)
                news = frozenset(obj for number, obj in shared.rows if number > last) | (shared.packed - packed)
                roots = shared.refs.union((obj for _, obj in shared.leases), *(ref for _, ref in shared.intake))
                if not roots <= shared.packed.union(obj for _, obj in shared.rows):
                    yield freed(me, shared), END  # It cannot read what is still in the intake.
                    return
                marks = marks | closure(news | roots)
            doomed = tuple(sorted(number for number, obj in rows if obj not in marks))
            yield shared, ("counts" if "count first" in measures else "deletes", doomed, packed - marks)
        case ("counts", *doomed):
            yield shared._replace(losses=shared.losses + 1), ("deletes", *doomed)
        case ("deletes", doomed, packed):
            after = taken_up(shared)  # Each transaction on the journal begins with that.
            after = after._replace(packed=after.packed - packed, moves=after.moves + 1)
            if "at once" not in measures and packed and doomed:
                yield after, ("deletes", doomed, frozenset[str]())
                return
            after = after._replace(rows=tuple(row for row in after.rows if row[0] not in doomed))
            yield after, ("deleted",) if "count first" in measures else ("counts late",)
        case ("counts late",):
            yield shared._replace(losses=shared.losses + 1), ("deleted",)
        case _:
            yield freed(me, shared), END


def packer(me: int, shared: Shared, local: tuple[Any, ...], measures: frozenset[str]) -> Iterator[Step]:
    """Moves the rows into a pack."""
    match local:
        case ("start",):
            if catches_up(shared, 0, measures, "gate at opening"):
                yield shared, ("opened", shared.losses)
        case ("opened", losses):
            if shared.rows:
                yield shared, ("copied", losses, frozenset(shared.rows))
            else:
                yield shared, END
        case ("copied", losses, rows):
            if shared.lock is None:
                yield shared._replace(lock=me), ("lists", losses, rows)
        case ("lists", losses, rows):
            if "pack compares" in measures and shared.losses != losses:
                yield freed(me, shared), END
            else:
                whole = taken_up(shared)
                left = tuple(row for row in whole.rows if row not in rows)
                packed = whole.packed.union(obj for _, obj in rows)
                yield whole._replace(rows=left, packed=packed, moves=whole.moves + 1), ("listed",)
        case _:
            yield freed(me, shared), END


GARBAGE = Shared(rows=((1, "A"),), packed=frozenset("B"))
"""A and B are here, and nothing reaches them."""
EMPTY = Shared(rows=(), packed=frozenset())
ROW = Shared(rows=((1, "A"), (2, "B")), packed=frozenset())
PACKED = Shared(rows=(), packed=frozenset("AB"))

SCENES: dict[str, tuple[Shared, tuple[Process, ...]]] = {
    "a writer that relies": (GARBAGE, (writer("A", brings=False), collector)),
    "a writer that brings": (PACKED, (writer("A", brings=True), collector)),
    "a writer that brings what B was": (Shared((), frozenset("B")), (writer("A", brings=True), collector)),
    "a writer of objects alone": (Shared((), frozenset("B")), (writer("A", brings=True, ref=False), collector)),
    "two writers": (GARBAGE, (writer("A", brings=True), writer("A", brings=False), collector)),
    "two collectors": (ROW, (writer("C", brings=True), collector, collector)),
    "two collectors and one who relies": (GARBAGE, (writer("A", brings=False), collector, collector)),
    "a packer": (GARBAGE, (packer, collector)),
    "a packer and a writer": (GARBAGE, (packer, writer("A", brings=True), collector)),
    "a stage": (GARBAGE, (stage, collector)),
    "a stage and a writer": (ROW, (stage, writer("C", brings=True), collector)),
    "a store without garbage": (EMPTY, (writer("A", brings=True), writer("C", brings=True), collector, packer)),
}


def broken(state: State) -> str | None:
    """Which promise does not hold."""
    here = found(state.shared)
    named = state.shared.refs.union(*(ref for _, ref in state.shared.intake))
    if not closure(named) <= here:
        return "a ref names, or what it names names, what is not there"
    if not closure(here) <= here:
        return "what can be found names what is not there"
    if REFUSED in state.locals:
        return "a stage was refused"
    return None


def search(scene: str, measures: frozenset[str]) -> tuple[str, list[State]] | int:
    """The first broken promise with the way there, or the number of states if all keep what is promised."""
    shared, processes = SCENES[scene]
    first = State(shared, (START,) * len(processes))
    before: dict[State, State | None] = {first: None}
    waiting = deque([first])
    while waiting:
        state = waiting.popleft()
        fault = broken(state)
        if fault is not None:
            way = [state]
            while (earlier := before[way[-1]]) is not None:
                way.append(earlier)
            return fault, way[::-1]
        for me, process in enumerate(processes):
            if state.locals[me] in (END, REFUSED):
                continue
            for after, local in process(me, state.shared, state.locals[me], measures):
                following = State(after, (*state.locals[:me], local, *state.locals[me + 1 :]))
                if following not in before:
                    before[following] = state
                    waiting.append(following)
    return len(before)


ALL = frozenset(MEASURES)


@pytest.mark.parametrize("scene", SCENES)
def test_the_whole_protocol_keeps_its_promises_in_every_interleaving(scene: str) -> None:
    outcome = search(scene, ALL)
    assert isinstance(outcome, int), outcome
    assert outcome > 20


@pytest.mark.parametrize("measure", MEASURES)
def test_each_measure_is_needed(measure: str) -> None:
    outcomes = {scene: search(scene, ALL - {measure}) for scene in SCENES}
    assert any(not isinstance(outcome, int) for outcome in outcomes.values()), outcomes
