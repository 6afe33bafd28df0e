"""Merging conversations: one chain afterwards, every event once, the other's head among the ancestors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import objstore
from objstore.conversations.conversation import Conversation
from objstore.errors import InvalidValue, MergeConflict, UnknownConversation, UnknownRevision


@pytest.fixture(params=["memory", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[objstore.Store]:
    place = "memory:" if request.param == "memory" else tmp_path / "store"
    with objstore.open(place, create=True) as opened:
        yield opened


def test_the_others_events_are_appended_and_the_last_commit_names_its_head(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    main.append_many(["start", "plan"])
    side = main.fork("side")
    side.append("side 1")
    last = side.append("side 2", message="found it")
    own = main.append("main 1")
    made = main.merge(side)
    assert list(main) == ["start", "plan", "main 1", "side 1", "side 2"]
    assert list(side) == ["start", "plan", "side 1", "side 2"]
    assert made == main.head
    first, second = made.parents
    assert second == side.head.oid
    assert [made.message, made.event] == ["found it", last.event]
    assert [(info.oid, info.parents) for info in main.log()][1] == (first, (own.oid,))
    assert next(store.operations()).entries[0].why == "merge of side"
    main.undo()
    assert list(main) == ["start", "plan", "main 1"]
    main.redo()
    assert main.head == made
    assert list(store.check()) == []


def test_merging_again_brings_only_what_is_new(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    side = main.fork("side")
    main.append("m1")
    side.append("s1")
    main.merge("side")
    side.append("s2")
    main.append("m2")
    main.merge("side")
    assert list(main) == ["m1", "s1", "m2", "s2"]
    head = main.head
    assert main.merge(side) == head
    assert main.merge(main) == head
    side.merge(main)  # all of side is in main, so side becomes main
    assert side.head == head
    assert list(side) == ["m1", "s1", "m2", "s2"]


def test_an_event_that_came_by_way_of_a_third_is_not_appended_twice(store: objstore.Store) -> None:
    first = store.conversations.open("first", create=True)
    second, third = first.fork("second"), first.fork("third")
    first.append("1")
    second.append("2")
    third.append("3")
    second.merge(first)
    third.merge(first)
    third.merge(second)
    assert list(third) == ["3", "1", "2"]


def test_a_merge_into_the_middle_of_a_merge_appends_the_rest(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    side = main.fork("side")
    main.append("m")
    side.append_many(["s1", "s2", "s3"])
    main.merge(side)
    main.rewind(2)
    main.append("instead")
    main.merge(side)
    assert list(main) == ["m", "s1", "instead", "s2", "s3"]


def test_a_beginning_of_the_other_moves_to_its_head(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    main.append("a")
    side = main.fork("side")
    side.append("b")
    assert main.merge(side) == side.head
    assert main.head == side.head
    main.undo()
    assert list(main) == ["a"]


def test_files_and_settings_are_merged_with_one_commit_without_an_event(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    main.files.write("same.txt", b"1")
    main.files.write("gone.txt", b"1")
    main.append("a")
    side = main.fork("side")
    main.files.write("main.txt", b"m")
    main.settings.set("llm.model", "big")
    side.files.write("src/side.txt", b"s")
    side.files.delete("gone.txt")
    side.settings.set("ui.theme", "dark")
    made = main.merge(side)
    assert (made.event, made.events, made.message) == (None, 1, "merge of side")
    assert made.parents[1] == side.head.oid
    assert [info.path for info in main.files] == ["main.txt", "same.txt", "src/side.txt"]
    assert main.settings.values() == {"llm.model": "big", "ui.theme": "dark"}
    assert list(store.check()) == []


def test_the_merged_files_go_with_the_last_of_the_appended_events(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    side = main.fork("side")
    main.append("m")
    side.append("s1")
    side.files.write("a", b"a")
    side.append("s2")
    main.merge(side)
    assert [len(main.at(number).files) for number in range(4)] == [0, 0, 0, 1]
    assert main.at(3).files.read("a") == b"a"


def test_conflicts_are_named_and_a_side_settles_them(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    main.files.write("a.txt", b"base")
    side = main.fork("side")
    for conv, who in ((main, "ours"), (side, "theirs")):
        with conv.commit() as draft:
            draft.append(who)
            draft.files.write("a.txt", who.encode())
            draft.files.write(f"{who}.txt", b"")
            draft.settings.set("llm.model", who)
    before = main.head
    with pytest.raises(MergeConflict) as caught:
        main.merge(side)
    assert caught.value.keys == ("files:a.txt", "settings:llm.model")
    assert main.head == before
    main.merge(side, prefer="theirs")
    assert (main.files.read("a.txt"), main.settings.get("llm.model")) == (b"theirs", "theirs")
    assert list(main) == ["ours", "theirs"]
    main.undo()
    main.merge(side, prefer="ours")
    assert (main.files.read("a.txt"), main.settings.get("llm.model")) == (b"ours", "ours")
    assert [info.path for info in main.files] == ["a.txt", "ours.txt", "theirs.txt"]


def two_sides(
    store: objstore.Store, base: bytes | None, ours: bytes, theirs: bytes
) -> tuple[Conversation, Conversation]:
    """Forks that changed (or added) the file a.txt."""
    main = store.conversations.open("main", create=True)
    if base is not None:
        main.files.write("a.txt", base)
    side = main.fork("side")
    main.files.write("a.txt", ours)
    side.files.write("a.txt", theirs)
    return main, side


def test_a_text_that_both_changed_is_merged_by_lines(store: objstore.Store) -> None:
    main, side = two_sides(store, b"1\n2\n3\n4\n5\n", b"one\n2\n3\n4\n5\n", b"1\n2\n3\n4\nfive\n")
    side.files.write("b.sh", b"", mode=0o755)
    assert main.conflicts(side) == []
    main.merge(side)
    assert main.files.read("a.txt") == b"one\n2\n3\n4\nfive\n"
    guilty = [line.commit.oid for line in store.blame("main", "a.txt")]
    assert len({*guilty}) == 3  # each side's line is its own
    assert main.head.oid not in guilty
    assert list(store.check()) == []


def test_lines_are_merged_beside_new_permission_bits(store: objstore.Store) -> None:
    main, side = two_sides(store, b"1\n2\n3\n", b"1\n2\nthree\n", b"one\n2\n3\n")
    side.files.write("a.txt", b"one\n2\n3\n", mode=0o755)
    main.merge(side)
    assert [(info.path, info.mode & 0o777, info.size) for info in main.files] == [
        ("a.txt", 0o755, len(b"one\n2\nthree\n"))
    ]


def test_what_is_in_conflict_is_shown_with_both_sides_and_settled_one_by_one(store: objstore.Store) -> None:
    main, side = two_sides(store, b"1\n2\n3\n", b"1\nours\n3\n", b"1\ntheirs\n3\n")
    main.settings.set("llm.model", "big")
    side.settings.set("llm.model", "small")
    found = main.conflicts("side")
    assert [item.key for item in found] == ["files:a.txt", "settings:llm.model"]
    marked = "1\n<<<<<<< main\nours\n||||||| before both\n2\n=======\ntheirs\n>>>>>>> side\n3\n"
    assert [item.text for item in found] == [marked, None]
    assert found[0].ours is not None
    before = main.head
    for wrong in (
        {"files:b.txt": b"x"},
        {"files:a.txt": "mine"},
        {"settings:llm.model": b"x"},
    ):
        with pytest.raises(InvalidValue, match="settle"):
            main.merge(side, settle=wrong)  # type: ignore[arg-type]
    with pytest.raises(MergeConflict) as caught:
        main.merge(side, settle={"files:a.txt": b"1\nboth\n3\n"})
    assert caught.value.keys == ("settings:llm.model",)
    assert main.head == before
    main.merge(side, settle={"files:a.txt": b"1\nboth\n3\n", "settings:llm.model": "theirs"})
    assert (main.files.read("a.txt"), main.settings.get("llm.model")) == (b"1\nboth\n3\n", "small")
    assert list(store.check()) == []


def test_a_preferred_side_counts_only_where_both_changed_the_same_lines(store: objstore.Store) -> None:
    main, side = two_sides(store, b"1\n2\n3\n4\n", b"1\nours\n3\n4\n", b"1\ntheirs\n3\nfour\n")
    main.merge(side, prefer="ours")
    assert main.files.read("a.txt") == b"1\nours\n3\nfour\n"
    main.undo()
    main.merge(side, settle={"files:a.txt": "ours"})
    assert main.files.read("a.txt") == b"1\nours\n3\n4\n"


@pytest.mark.parametrize("case", ["binary", "deleted", "large", "added by both", "modes"])
def test_what_is_no_text_on_both_sides_is_a_conflict_as_a_whole(store: objstore.Store, case: str) -> None:
    ours, theirs = b"a\nb\nc\n", b"x\nb\nz\n"
    if case in ("binary", "large"):
        ours += b"\0" if case == "binary" else b"y" * (4 << 20)
    main, side = two_sides(store, None if case == "added by both" else b"a\nb\nz\n", ours, theirs)
    if case == "deleted":
        side.files.delete("a.txt")
    if case == "modes":
        main.files.write("a.txt", ours, mode=0o600)
        side.files.write("a.txt", theirs, mode=0o755)
    (item,) = main.conflicts(side)
    assert item.key == "files:a.txt"
    assert (item.text is None) == (case in ("binary", "large", "deleted"))
    with pytest.raises(MergeConflict):
        main.merge(side)
    main.merge(side, prefer="theirs")
    if case == "deleted":
        assert [info.path for info in main.files] == []
    elif case == "modes":
        assert [info.mode & 0o777 for info in main.files] == [0o755]
        assert main.files.read("a.txt") == b"x\nb\nc\n"
    else:
        assert main.files.read("a.txt") == theirs


def test_a_moment_and_an_unrelated_conversation_can_be_merged(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    main.append("m")
    other = store.conversations.open("other", create=True)
    other.append_many(["o1", "o2", "o3"])
    main.merge(other.at(1).commit)
    assert list(main) == ["m", "o1"]
    main.merge("other#2")
    assert list(main) == ["m", "o1", "o2"]
    with pytest.raises(UnknownRevision):
        main.merge("nothing")
    store.conversations.delete("other")
    with pytest.raises(UnknownConversation):
        main.merge(other)


def test_a_merge_across_leaves_of_the_event_index(store: objstore.Store) -> None:
    main = store.conversations.open("main", create=True)
    main.append_many(range(1000))
    side = main.fork("side")
    side.append_many(range(1000, 2500))
    main.append_many(range(5000, 5500))
    main.merge(side)
    main.append("after")
    expected = [*range(1000), *range(5000, 5500), *range(1000, 2500), "after"]
    assert list(main) == expected
    assert [main[number] for number in (0, 1023, 1024, 2047, 2048, 2999, 3000)] == [
        expected[number] for number in (0, 1023, 1024, 2047, 2048, 2999, 3000)
    ]


steps = st.lists(
    st.tuples(st.sampled_from(["append", "append", "merge", "merge", "rewind"]), st.integers(0, 2), st.integers(0, 2)),
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_any_web_of_merges_keeps_every_event_once_and_every_history_reachable(plan: list[tuple[str, int, int]]) -> None:
    with objstore.open("memory:") as store:
        first = store.conversations.open("0", create=True)
        convs = [first, first.fork("1"), store.conversations.open("2", create=True)]
        models: list[list[object]] = [[], [], []]
        for number, (verb, one, other) in enumerate(plan):
            conv, model = convs[one], models[one]
            if verb == "append":
                conv.append(number)
                model.append(number)
            elif verb == "rewind":
                conv.rewind(len(model) // 2)
                del model[len(model) // 2 :]
            else:
                conv.merge(convs[other])
                fresh = [event for event in models[other] if event not in model]
                if conv.head == convs[other].head:  # moved to the other's head: nothing of ours may be missing there
                    assert set(map(str, model)) <= set(map(str, models[other]))
                    models[one] = list(models[other])
                else:
                    model += fresh
                assert conv.merge(convs[other]) == conv.head
            assert list(convs[one]) == models[one]
            assert len(set(map(str, models[one]))) == len(models[one])
        assert list(store.check()) == []
