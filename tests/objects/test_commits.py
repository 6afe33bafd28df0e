from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject, InvalidValue
from objstore.objects import codec
from objstore.objects.commits import (
    MAX_AUTHOR_BYTES,
    MAX_COMMIT_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_METADATA_BYTES,
    MAX_PARENTS,
    Commit,
    decode_commit,
    encode_commit,
)
from objstore.objects.event_index import LEAF
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Domain, Kind, Oid
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/objects/commits.json").read_text())


def oid(number: int) -> Oid:
    return Oid(number.to_bytes(32, "big"))


ROOT = Commit(parents=(), generation=1, place=0, jump=None, author="a", time=0, event=oid(9), events=1)
LATER = Commit(
    parents=(oid(1), oid(2)),
    generation=5000,
    place=3000,
    jump=oid(3),
    author="ann",
    time=-1,
    message="merged",
    metadata={"b": 1, "a": "x", "c": None, "d": True},
    event=oid(4),
    events=2000,
    index=oid(5),
    files=oid(6),
    settings=oid(7),
    files_domain=Domain(b"f" * 16),
    settings_domain=Domain(b"s" * 16),
)
_HEX = {"jump", "event", "index", "files", "settings", "files_domain", "settings_domain"}


def described(case: dict[str, object]) -> Commit:
    """The commit of a golden description: ids and domains are in hex."""
    facts = dict(case)
    facts["parents"] = tuple(bytes.fromhex(parent) for parent in facts["parents"])
    for name in _HEX:
        if facts[name] is not None:
            facts[name] = bytes.fromhex(facts[name])
    return Commit(**facts)


@st.composite
def commits(draw: st.DrawFn) -> Commit:
    oids = st.binary(min_size=32, max_size=32).map(Oid)
    parents = draw(st.one_of(st.just([]), st.lists(oids, min_size=1, max_size=3, unique=True)))
    place = draw(st.integers(1, 1 << 40)) if parents else 0
    event = draw(st.none() | oids)
    least = int(event is not None)
    events = draw(st.integers(least, min(place + 1, 3000))) if parents else least
    files, settings_ = draw(st.none() | oids), draw(st.none() | oids)
    domains = (st.none() | st.binary(min_size=16, max_size=16)).map(lambda d: d and Domain(d))
    scalars = st.one_of(st.none(), st.booleans(), st.integers(-(1 << 63), (1 << 63) - 1), st.text(max_size=10))
    return Commit(
        parents=tuple(parents),
        generation=place + 1 + (draw(st.integers(0, 1000)) if parents else 0),
        place=place,
        jump=draw(oids) if parents else None,
        author=draw(st.text(max_size=20)),
        time=draw(st.integers(-(1 << 63), (1 << 63) - 1)),
        message=draw(st.text(max_size=40)),
        metadata=draw(st.dictionaries(st.text(max_size=8), scalars, max_size=4)),
        event=event,
        events=events,
        index=draw(oids) if events > LEAF else None,
        files=files,
        settings=settings_,
        files_domain=draw(domains) if files else None,
        settings_domain=draw(domains) if settings_ else None,
    )


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_commits_have_the_golden_bytes_and_ids(case: dict[str, object]) -> None:
    payload = bytes.fromhex(str(case["hex"]))
    commit = described(case["commit"])
    assert encode_commit(commit) == payload
    assert decode_commit(payload) == commit
    assert PLAIN_HASHER.oid(Kind.COMMIT, payload).hex() == case["oid"]


@settings(deadline=None, max_examples=60)
@given(commits())
def test_a_commit_comes_back_as_it_was(commit: Commit) -> None:
    assert decode_commit(encode_commit(commit)) == commit


@settings(deadline=None, max_examples=80)
@given(commits(), mutations())
def test_damaged_commits_are_canonical_or_refused(commit: Commit, changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(encode_commit(commit), changes), decode_commit, encode_commit)


def test_the_order_of_metadata_does_not_matter() -> None:
    turned = dict(reversed(LATER.metadata.items()))
    assert encode_commit(LATER._replace(metadata=turned)) == encode_commit(LATER)
    assert list(decode_commit(encode_commit(LATER)).metadata) == ["a", "b", "c", "d"]


def test_a_commit_cannot_be_changed_and_pickles() -> None:
    with pytest.raises(AttributeError):
        LATER.place = 4  # pyright: ignore[reportAttributeAccessIssue]
    assert pickle.loads(pickle.dumps(LATER)) == LATER


IMPOSSIBLE = [
    (ROOT, {"generation": 2}, "parents"),
    (ROOT, {"place": 1}, "parents"),
    (ROOT, {"jump": oid(1)}, "parents"),
    (ROOT, {"events": 0}, "events"),
    (ROOT, {"events": 2}, "events"),
    (ROOT, {"event": None}, "events"),
    (ROOT, {"index": oid(1)}, "index"),
    (LATER, {"parents": ()}, "parents"),
    (LATER, {"parents": (oid(1), oid(1))}, "parents"),
    (LATER, {"parents": (b"short",)}, "parents"),
    (LATER, {"parents": (None,)}, "parents"),
    (LATER, {"parents": (oid(1).hex(),)}, "parents"),
    (LATER, {"parents": tuple(map(oid, range(MAX_PARENTS + 1)))}, "parents"),
    (LATER, {"generation": 3000}, "place"),
    (LATER, {"generation": 0}, "place"),
    (LATER, {"generation": 1 << 63}, "generation"),
    (LATER, {"generation": -1}, "generation"),
    (LATER, {"generation": True}, "generation"),
    (LATER, {"place": 0}, "place"),
    (LATER, {"place": 5000}, "place"),
    (LATER, {"place": None}, "place"),
    (LATER, {"jump": None}, "place"),
    (LATER, {"jump": b"x" * 31}, "jump"),
    (LATER, {"events": 0}, "events"),
    (LATER, {"events": 3002}, "events"),
    (LATER, {"events": "2"}, "events"),
    (LATER, {"events": LEAF}, "index"),
    (LATER, {"index": None}, "index"),
    (LATER, {"event": b""}, "event"),
    (LATER, {"files": "x" * 32}, "files"),
    (LATER, {"settings": b"x" * 33}, "settings"),
    (LATER, {"author": None}, "author"),
    (LATER, {"author": "x" * (MAX_AUTHOR_BYTES + 1)}, "author"),
    (LATER, {"author": "é" * (MAX_AUTHOR_BYTES // 2 + 1)}, "author"),
    (LATER, {"author": "\ud800"}, "author"),
    (LATER, {"time": 1 << 63}, "time"),
    (LATER, {"time": 1.5}, "time"),
    (LATER, {"message": b"x"}, "message"),
    (LATER, {"message": "x" * (MAX_MESSAGE_BYTES + 1)}, "message"),
    (LATER, {"message": "\udfff"}, "message"),
    (LATER, {"metadata": {1: 1}}, "metadata"),
    (LATER, {"metadata": {"a": 1.5}}, "metadata"),
    (LATER, {"metadata": {"a": b"x"}}, "metadata"),
    (LATER, {"metadata": {"a": [1]}}, "metadata"),
    (LATER, {"metadata": {"a": 1 << 63}}, "metadata"),
    (LATER, {"metadata": {"a": "\ud800"}}, "metadata"),
    (LATER, {"metadata": {"\ud800": 1}}, "metadata"),
    (LATER, {"metadata": {"a": "x" * MAX_METADATA_BYTES}}, "metadata"),
    (LATER, {"metadata": {str(n): "x" * 1000 for n in range(70)}}, "metadata"),
    (LATER, {"files_domain": b"f" * 15}, "files_domain"),
    (LATER, {"settings_domain": b""}, "settings_domain"),
    (LATER, {"files": None}, "files_domain"),
    (LATER, {"settings": None}, "settings_domain"),
]


@pytest.mark.parametrize(("base", "change", "field"), IMPOSSIBLE)
def test_a_commit_that_cannot_be_is_refused_both_ways(base: Commit, change: dict[str, object], field: str) -> None:
    commit = base._replace(**change)
    with pytest.raises(InvalidValue) as caught:
        encode_commit(commit)
    assert field in caught.value.path
    assert caught.value.path.startswith("commit.")
    values = [*commit]
    values[0] = list(commit.parents)
    values[7] = dict(sorted(commit.metadata.items()))
    try:
        payload = codec._pack([1, *values])
    except ValueError:
        return  # A lone surrogate: such bytes cannot even be made this way.
    with pytest.raises(CorruptObject):
        decode_commit(payload)


@pytest.mark.parametrize(
    "change",
    [
        {"parents": tuple(map(oid, range(MAX_PARENTS)))},
        {"generation": 3001},
        {"events": 3001},
        {"events": LEAF + 1},
        {"events": LEAF, "index": None},
        {"event": None, "events": 0, "index": None},
        {"author": "é" * (MAX_AUTHOR_BYTES // 2)},
        {"message": "x" * MAX_MESSAGE_BYTES, "metadata": {"k": "x" * (MAX_METADATA_BYTES - 7)}},
        {"time": -(1 << 63)},
        {"time": (1 << 63) - 1},
    ],
)
def test_a_commit_at_its_limits_is_kept(change: dict[str, object]) -> None:
    commit = LATER._replace(**change)
    payload = encode_commit(commit)
    assert decode_commit(payload) == commit
    assert len(payload) <= MAX_COMMIT_BYTES


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [1],
        [2, [], 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None, None],
        [True, [], 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None, None],
        [1, [], 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None],
        [1, [], 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None, None, None],
        [1, {}, 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None, None],
        [1, None, 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None, None],
        [1, [], 1, 0, None, "", 0, "", [], None, 0, None, None, None, None, None],
        [1, [[]], 1, 0, None, "", 0, "", {}, None, 0, None, None, None, None, None],
    ],
)
def test_a_structure_that_is_no_commit_is_refused(fields: list[codec.Field]) -> None:
    with pytest.raises(CorruptObject, match="a commit"):
        decode_commit(codec.encode_fields(fields))


def test_the_least_commit_is_kept() -> None:
    least = Commit(parents=(), generation=1, place=0, jump=None, author="", time=0)
    assert decode_commit(encode_commit(least)) == least
