"""Merging trees key by key, where keys nest, against dicts; what a merged chain is made of: conversations/test_merge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import MergeConflict
from objstore.objects.kinds import Object, Oid
from objstore.objects.trees import Entry, scan
from objstore.repository.growth import Growth
from objstore.repository.history import is_ancestor, merge_bases
from objstore.repository.merge import merge_into
from objstore.repository.merge_trees import Side, merge_part
from tests.repository.test_diff import Model, store
from tests.repository.test_growth import check_chain
from tests.repository.worlds import NOTE, START, World, chain

FOLDER = 0o040000


def entry(size: int) -> Entry:
    return Entry(FOLDER if size == 0 else 0o100644, Oid(bytes([size]) * 32), size)


def tidy(pairs: dict[str, int]) -> Model:
    """A model in which no file is a folder as well, and empty folders are empty."""
    model: Model = {}
    for path, size in sorted(pairs.items()):
        above = [path[:at] for at in range(len(path)) if path[at] == "/"]
        if not any(folder.encode() in model and pairs[folder] for folder in above):
            for folder in above:
                model.pop(folder.encode(), None)
            model[path.encode()] = entry(size)
    return model


paths = st.sampled_from(["a", "a/b", "a/b/c", "a/d", "e", "e/f", "ab", "a-"])
models = st.dictionaries(paths, st.integers(0, 3), max_size=8).map(tidy)


def is_tidy(model: Model) -> bool:
    return not any(other.startswith(key + b"/") for key in model for other in model)


def merged(base: Model, ours: Model, theirs: Model, prefer: Side | None) -> tuple[Model, set[bytes]]:
    world = World()
    roots = store(world, base), store(world, ours), store(world, theirs)
    objects: list[Object] = []
    part = merge_part(world.repo, roots, b"/", prefer, objects)
    world.repo.storage.apply(objects, (), NOTE)
    assert part.root is not None
    return dict(scan(part.root, World(world.repo.storage).repo.nodes)), {conflict.key for conflict in part.conflicts}


def changed(base: Model, side: Model) -> set[bytes]:
    return {key for key in base.keys() | side.keys() if base.get(key) != side.get(key)}


@settings(deadline=None, max_examples=250)
@given(models, models, models)
def test_a_merge_takes_each_key_from_the_side_that_changed_it(base: Model, ours: Model, theirs: Model) -> None:
    found, conflicts = merged(base, ours, theirs, None)
    one, two = changed(base, ours), changed(base, theirs)
    plain = {
        key: side[key]
        for key in ours.keys() | theirs.keys()
        for side in [theirs if key in two else ours]
        if key in side
    }
    expected = {key for key in one & two if ours.get(key) != theirs.get(key)}
    clashing = {
        key
        for key in plain
        for other in plain
        for low, high in [(min(key, other), max(key, other))]
        if high.startswith(low + b"/") and plain[low].mode != FOLDER
    }
    if not expected and not clashing:
        assert conflicts == set()
        assert is_tidy(found)
        assert found == {key: value for key, value in plain.items() if value.mode != FOLDER or key in found}
        assert all(any(other.startswith(key + b"/") for other in plain) for key in plain.keys() - found.keys())
    else:
        assert expected <= conflicts <= expected | clashing | one | two
        assert conflicts


@settings(deadline=None, max_examples=250)
@given(models, models, models, st.sampled_from(["ours", "theirs"]))
def test_a_preferred_side_wins_where_both_changed_and_loses_nothing_else(
    base: Model, ours: Model, theirs: Model, prefer: Side
) -> None:
    found, conflicts = merged(base, ours, theirs, prefer)
    assert conflicts == set()
    assert is_tidy(found)
    winner, loser = (ours, theirs) if prefer == "ours" else (theirs, ours)
    for key in changed(base, winner):
        if key in winner and winner[key].mode != FOLDER:
            assert found[key] == winner[key]
    for key, value in found.items():
        assert value in (winner.get(key), loser.get(key))
    if not changed(base, loser):
        assert found == winner or ours == base


def test_a_file_where_the_other_made_a_folder_is_a_conflict_of_both() -> None:
    base, file, folder = tidy({"e": 1}), tidy({"e": 1, "a": 2}), tidy({"e": 1, "a/b": 3, "a/d": 3})
    for ours, theirs in ((file, folder), (folder, file)):
        assert merged(base, ours, theirs, None)[1] == {b"a", b"a/b", b"a/d"}
        assert merged(base, ours, theirs, "ours")[0] == ours
        assert merged(base, ours, theirs, "theirs")[0] == theirs


def test_an_empty_folder_gives_way_to_what_is_put_into_it() -> None:
    empty, full = tidy({"e": 1, "a": 0}), tidy({"e": 1, "a/b": 3})
    assert merged(tidy({"e": 1}), empty, full, None) == (full, set())
    assert merged(tidy({"e": 1}), full, empty, None) == (full, set())


def test_a_side_without_a_tree_is_an_empty_one() -> None:
    world = World()
    one, other = store(world, tidy({"a/b": 1})), store(world, tidy({"e": 2}))
    for roots, root in (((None, one, None), one), ((None, None, one), one), ((None, None, None), None)):
        assert merge_part(world.repo, roots, b"/", None, []) == (root, [])
    objects: list[Object] = []
    both = merge_part(world.repo, (None, one, other), b"/", None, objects)
    assert (both.root, both.conflicts) == (store(world, tidy({"a/b": 1, "e": 2})), [])


def test_a_merge_overtaken_by_another_writer_is_made_on_the_new_head() -> None:
    world = World()
    ours = world.branch("ours", create=True)
    theirs, rival = world.branch("theirs"), world.branch("ours")
    theirs.move(ours.need_head(), "fork", None)
    for number in range(3):
        world.append(ours, f"ours {number}")
        world.append(theirs, f"theirs {number}")
    plain, calls = world.repo.now, 0

    def now() -> int:  # asked for while the merge is being built
        nonlocal calls
        calls += 1
        if calls in (1, 3):
            world.append(rival, f"rival {calls}")
        return plain()

    world.repo.now = now
    head = merge_into(ours, theirs.need_head(), "theirs")
    walked = [oid for oid, commit in chain(world.repo, head) if commit.event is not None]
    values = world.values(walked)
    assert head == rival.head()
    assert values == [*(f"ours {n}" for n in range(3)), "rival 1", *(f"theirs {n}" for n in range(3))]
    assert is_ancestor(world.repo, theirs.need_head(), head)
    check_chain(world, head)


def test_with_several_best_bases_the_files_of_one_of_them_are_the_base() -> None:
    world = World()
    root = world.commit()

    def on(parents: tuple[Oid, ...], model: Model) -> Oid:
        growth = world.growth(parents[0])
        oid = growth.add(files=store(world, model), settings=None, time=START, others=parents[1:])
        world.keep(growth)
        return oid

    a, b = on((root,), tidy({"a": 1})), on((root,), tidy({"e": 1}))
    both = tidy({"a": 1, "e": 1})
    left, right = on((a, b), both), on((b, a), both)
    left2, right2 = on((left,), both | tidy({"ab": 2})), on((right,), tidy({"a": 3, "e": 1}))
    assert set(merge_bases(world.repo, left2, right2)) == {a, b}
    branch = world.branch("c")
    branch.move(left2, "fork", None)
    merged_files = world.repo.commit(merge_into(branch, right2, "right", "theirs")).files
    assert merged_files is not None
    assert dict(scan(merged_files, world.repo.nodes)) == tidy({"a": 3, "e": 1, "ab": 2})


def test_a_wrong_side_and_a_conflict_change_nothing() -> None:
    world = World()
    ours, theirs = world.branch("ours", create=True), world.branch("theirs")
    theirs.move(ours.need_head(), "fork", None)
    for branch, size in ((ours, 1), (theirs, 2)):
        root = store(world, tidy({"a": size, "e": 3}))

        def build(growth: Growth, root: Oid | None = root) -> None:
            growth.add(files=root, settings=root, time=START)

        branch.grow(build, "commit")
    head = ours.need_head()
    with pytest.raises(ValueError, match="'ours', 'theirs' or None"):
        merge_into(ours, theirs.need_head(), "theirs", "mine")  # type: ignore[arg-type]
    with pytest.raises(MergeConflict) as caught:
        merge_into(ours, theirs.need_head(), "theirs")
    assert caught.value.keys == ("files:a", "settings:a")
    assert ours.head() == head
