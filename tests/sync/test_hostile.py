"""A far side that lies gets nowhere: no ref moves, nothing is read that was not shown, nothing grows without end."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

import objstore
from objstore.errors import CorruptObject, RemoteFailed, RemoteRefused
from objstore.objects.commits import decode_commit, encode_commit
from objstore.objects.events import encode_event
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.jumps import next_jump
from objstore.objects.kinds import Domain, Kind, Object, Oid
from objstore.objects.tombstones import Tombstone, encode_tombstone
from objstore.objects.trees.node import encode_node, node_of
from objstore.packs.frame_header import CODEC_ZSTD, MAX_RAW, Header, seal
from objstore.sync.access import Verb
from objstore.sync.arrival import Limits
from objstore.sync.closure import Closure
from objstore.sync.fetching import fetch
from objstore.sync.peer import Peer
from objstore.sync.protocol import (
    HEAD,
    VERSION,
    At,
    Base,
    Bases,
    Common,
    End,
    Failed,
    Fetch,
    Frame,
    Hello,
    List,
    Marks,
    Message,
    Move,
    Outcomes,
    Push,
    Refs,
    RefState,
    encode_message,
)
from objstore.sync.wire import Counted, MessageReader
from tests.server.servers import Client, Server, serving
from tests.sync.worlds import Cut, fill, heads, near_of, repo_of, service_of

HELLO = Hello(VERSION, Domain(b""), "test")
NAME = "conversations/x"


class Victim:
    """A store with a secret in it, and how to reach it: in this process, or over HTTP."""

    def __init__(self, store: objstore.Store, http: Client | None = None) -> None:
        self.store = store
        self._http = http
        if store.refs.get("conversations/secret") is not None:
            return
        store.conversations.create("secret").append("the secret")
        store.conversations.open("secret").files.write("key", b"of the house")

    def pieces(self, request: Iterable[bytes]) -> Iterable[bytes]:
        """The response to a request."""
        if self._http is None:
            return service_of(repo_of(self.store.storage)).answer(request)
        answer = self._http.sync(request)
        assert answer.status == 200, answer
        return [answer.body]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of many stores."""
    root = tmp_path_factory.mktemp("server") / "root"
    root.mkdir()
    with serving(root, root=True) as made:
        yield made


@pytest.fixture(params=["direct", "http"])
def victim(request: pytest.FixtureRequest) -> Iterator[Victim]:
    if request.param == "direct":
        with objstore.open("memory:") as store:
            yield Victim(store)
        return
    server: Server = request.getfixturevalue("server")
    with objstore.open(server.folder / secrets.token_hex(8), create=True) as store:
        yield Victim(store, server.client(tenant=Path(store.place).name))


def made() -> tuple[Oid, list[Object]]:
    """A small history: its head and its objects in order."""
    with objstore.open("memory:") as store:
        conv = store.conversations.create("x")
        conv.append({"n": 1})
        conv.files.write("a/b", b"content")
        conv.settings.set("k", 1)
        conv.append({"n": 2})
        return conv.head.oid, list(Closure(repo_of(store.storage), {conv.head.oid: []}).objects())


def request(push: Message, objects: Iterable[Object], end: bytes | None = None) -> Iterator[bytes]:
    counted = Counted()
    yield encode_message(HELLO) + encode_message(push)
    yield from counted.frames(objects)
    yield counted.end() if end is None else end


def answer(victim: Victim, pieces: Iterable[bytes]) -> list[Message]:
    """The messages of the response behind HELLO."""
    return messages(victim.pieces(pieces))


def messages(response: Iterable[bytes]) -> list[Message]:
    """The messages of a response behind HELLO."""
    reader = MessageReader(response)
    found = [reader.next()]
    while not isinstance(found[-1], End | Failed):
        found.append(reader.next())
    return found[1:]


def refused(victim: Victim, pieces: Iterable[bytes], code: str = "corrupt") -> None:
    before = heads(victim.store)
    (failed,) = answer(victim, pieces)
    assert isinstance(failed, Failed), failed
    assert failed.code == code, failed
    assert heads(victim.store) == before
    assert list(victim.store.check()) == []


def push_of(head: Oid, name: str = NAME) -> Push:
    return Push(b"", (Move(name, None, head, force=False),), ())


def test_what_is_honest_is_taken(victim: Victim) -> None:
    head, objects = made()
    (outcomes, _) = answer(victim, request(push_of(head), objects))
    assert isinstance(outcomes, Outcomes)
    assert [outcome.result for outcome in outcomes.outcomes] == ["moved"]
    assert list(victim.store.check()) == []


def test_every_object_that_is_left_out_is_missed(victim: Victim) -> None:
    head, objects = made()
    for at in range(len(objects)):
        refused(victim, request(push_of(head), objects[:at] + objects[at + 1 :]))


@pytest.mark.parametrize("seed", range(4))
def test_objects_in_another_order_are_taken_whole_or_refused(victim: Victim, seed: int) -> None:
    head, objects = made()
    random.Random(seed).shuffle(objects)
    answer(victim, request(push_of(head), objects))
    assert list(victim.store.check()) == [], f"seed {seed}"
    if victim.store.refs.get(NAME) is not None:
        assert list(victim.store.conversations.open("x")) == [{"n": 1}, {"n": 2}]


def test_what_was_not_asked_for_is_refused(victim: Victim) -> None:
    head, objects = made()
    _, others = made()
    event = PLAIN_HASHER.object(Kind.EVENT, encode_event("unasked", bytes(16)))
    blob = PLAIN_HASHER.object(Kind.BLOB, b"unasked")
    for extra in ([event], [blob], others):
        refused(victim, request(push_of(head), [*objects, *extra]))
        refused(victim, request(push_of(head), [*extra, *objects]))


def secret_event(store: objstore.Store) -> Oid:
    """The event of the commit below the head, which wrote a file."""
    head = decode_commit(store.storage.read(store.conversations.open("secret").head.oid).payload)
    event = decode_commit(store.storage.read(head.parents[0]).payload).event
    assert event is not None
    return event


def test_nobody_gets_at_content_by_naming_it(victim: Victim) -> None:
    secret = victim.store.conversations.open("secret")
    commit = decode_commit(victim.store.storage.read(secret.head.oid).payload)
    event = secret_event(victim.store)
    head, objects = made()
    root = decode_commit(objects[-1].payload)
    for fake in (
        root._replace(event=event),
        root._replace(files=commit.files),
        commit._replace(
            parents=(secret.head.oid,),
            generation=commit.generation + 1,
            place=commit.place + 1,
            jump=next_jump(secret.head.oid, commit, repo_of(victim.store.storage).commit),
            event=None,
        ),
        root._replace(settings=commit.files),
    ):
        obj = PLAIN_HASHER.object(Kind.COMMIT, encode_commit(fake))
        refused(victim, request(push_of(obj.oid), [*objects[:-1], obj]))
    refused(victim, request(push_of(secret.head.oid), []))
    assert head


def tombstone_of(event: Oid) -> Object:
    payload = encode_tombstone(Tombstone(event, event, "liar", 0, ""))
    return PLAIN_HASHER.object(Kind.COMMIT, payload)


def test_nobody_gets_at_an_event_by_sending_its_tombstone(victim: Victim) -> None:
    event = secret_event(victim.store)
    _, objects = made()
    fake = decode_commit(objects[-1].payload)._replace(event=event)
    obj = PLAIN_HASHER.object(Kind.COMMIT, encode_commit(fake))
    refused(victim, request(push_of(obj.oid), [*objects[:-1], tombstone_of(event), obj]))
    assert list(victim.store.redactions()) == []


def test_a_tombstone_stands_for_an_event_of_what_is_sent_or_is_refused(victim: Victim) -> None:
    head, objects = made()
    event = next(obj for obj in objects if obj.kind is Kind.EVENT)
    refused(victim, request(push_of(head), [tombstone_of(Oid(bytes(32))), *objects]))
    refused(victim, request(push_of(head), [tombstone_of(event.oid), *objects]))
    refused(victim, request(push_of(head), [*objects, tombstone_of(event.oid)]))
    assert list(victim.store.redactions()) == []
    answer(victim, request(push_of(head), [tombstone_of(event.oid), *(obj for obj in objects if obj is not event)]))
    assert [record.event for record in victim.store.redactions()] == [event.oid]
    assert list(victim.store.check()) == []


def test_a_tree_with_a_blob_that_was_not_shown_is_refused(victim: Victim) -> None:
    blob = PLAIN_HASHER.object(Kind.BLOB, b"of the house")
    assert victim.store.storage.missing([blob.oid]) == set()
    _, objects = made()
    root = decode_commit(objects[-1].payload)
    for keys, shown in (((b"key",), False), ((b"../escape",), True)):
        tree = PLAIN_HASHER.object(Kind.TREE, encode_node(node_of(0, keys, [(0o100644, blob.oid, len(blob.payload))])))
        fake = PLAIN_HASHER.object(Kind.COMMIT, encode_commit(root._replace(files=tree.oid)))
        refused(victim, request(push_of(fake.oid), [*objects[:-1], *([blob] if shown else []), tree, fake]))


def test_a_commit_that_does_not_follow_from_its_parents_is_refused(victim: Victim) -> None:
    _, objects = made()
    root = decode_commit(objects[-1].payload)
    for fake in (
        root._replace(generation=root.generation + 1),
        root._replace(generation=root.generation + 1, place=root.place + 1),
        root._replace(events=root.events + 1),
        root._replace(jump=root.parents[0] if root.jump != root.parents[0] else Oid(bytes(32))),
    ):
        obj = PLAIN_HASHER.object(Kind.COMMIT, encode_commit(fake))
        refused(victim, request(push_of(obj.oid), [*objects[:-1], obj]))


@pytest.mark.parametrize("name", ["locks/x/y", "remotes/a/config", "incoming/x/y", "x", "conversations/../x", "files/"])
def test_a_ref_of_another_kind_or_with_a_bad_name_is_refused(victim: Victim, name: str) -> None:
    head, objects = made()
    refused(victim, request(push_of(head, name), objects))


def test_a_tag_must_be_a_tag_and_nothing_else_one(victim: Victim) -> None:
    head, objects = made()
    refused(victim, request(push_of(head, "tags/v1"), objects))
    with objstore.open("memory:") as store:
        store.conversations.create("x")
        store.tags.create("v1", "x")
        ref = store.refs.get("tags/v1")
        assert ref is not None
        tag = store.storage.read(Oid(ref.value))
        parts = list(Closure(repo_of(store.storage), {store.conversations.open("x").head.oid: []}).objects())
    refused(victim, request(push_of(tag.oid), [*parts, tag]))
    refused(victim, request(push_of(tag.oid, "tags/v1"), [tag]))


def test_bombs_and_huge_counts_are_refused_before_they_take_memory(victim: Victim) -> None:
    head, _ = made()
    start = encode_message(HELLO) + encode_message(push_of(head))
    bomb = seal(Header(CODEC_ZSTD, 1, 0, 20, MAX_RAW, 0, 0, Domain(b"")), b"", bytes(20))
    refused(victim, [start, encode_message(Frame(bomb)), encode_message(End(1, 1))])
    for number in (1, 4, 32):
        refused(victim, [start, HEAD.pack(number, 0xFFFFFFFF), b"x"])
    refused(victim, [start, HEAD.pack(99, 0)])
    refused(victim, [encode_message(HELLO), HEAD.pack(2, 5) + b"\xdd\xff\xff\xff\xff"])


def test_a_stream_without_end_is_ended() -> None:
    head, _ = made()
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for piece in endless_push(head):
            sent += len(piece)
            yield piece

    with objstore.open("memory:") as store:
        for limits in (Limits(payload=10_000), Limits(objects=100), Limits(loose=100)):
            sent = 0
            (failed,) = messages(service_of(repo_of(store.storage), None, limits).answer(endless()))
            assert isinstance(failed, Failed)
            assert failed.code == "limit"
            assert sent < 1_000_000
        assert list(store.check()) == []


def endless_push(head: Oid) -> Iterator[bytes]:
    """A push that brings one event after the other."""
    counted = Counted()
    yield encode_message(HELLO) + encode_message(push_of(head))
    for number in range(10**9):
        yield from counted.frames([PLAIN_HASHER.object(Kind.EVENT, encode_event(number, bytes(16)))])


def test_a_stream_without_end_is_ended_by_a_server(tmp_path: Path) -> None:
    head, _ = made()
    with serving(tmp_path / "store", "--max-push", "20000") as server:
        ada = server.client()
        with suppress(OSError):  # it may hang up while it is still being sent to
            (failed,) = messages([ada.sync(endless_push(head)).body])
            assert isinstance(failed, Failed)
            assert failed.code == "limit"
        ada.append("c", 1, create=True)
        with objstore.open(server.folder) as store:
            assert store.refs.get(NAME) is None
            assert list(store.check()) == []


def test_an_end_that_does_not_fit_and_requests_that_are_none_are_refused(victim: Victim) -> None:
    head, objects = made()
    refused(victim, request(push_of(head), objects, encode_message(End(1, 1))))
    refused(victim, request(push_of(head), objects, b""), "cut short")
    refused(victim, [], "cut short")
    refused(victim, [encode_message(End(0, 0))], "unknown")
    refused(victim, [encode_message(HELLO) + encode_message(HELLO) + encode_message(End(0, 0))], "unknown")
    refused(victim, [encode_message(Hello(9, Domain(b""), ""))], "version")
    refused(victim, [encode_message(Hello(VERSION, Domain(bytes(16)), ""))], "domain")
    refused(victim, request(Push(b"", push_of(head).moves * 2, ()), objects))
    refused(victim, request(List(("a*b",)), []), "pattern")
    refused(victim, request(Fetch((At("conversations/none", head),), ()), []), "moved")


@pytest.mark.parametrize("seed", range(2))
def test_a_request_with_any_byte_flipped_moves_nothing_or_what_was_meant(victim: Victim, seed: int) -> None:
    draw = random.Random(seed)
    head, objects = made()
    whole = b"".join(request(push_of(head), objects))
    before = heads(victim.store)
    for _ in range(150):
        at = draw.randrange(len(whole))
        bad = whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :]
        answer(victim, [bad[:at], bad[at:]])
        after = heads(victim.store)
        assert {name: oid for name, oid in after.items() if oid != head.hex()} == before, f"seed {seed}, byte {at}"
    assert list(victim.store.check()) == []


class Limited:
    """Whoever may read and append to conversations that begin with `own`, and nothing else."""

    scope = "limited"

    def can_read(self, name: str) -> bool:
        """Own ones."""
        return name.startswith("conversations/own")

    def can_move(self, name: str, verb: Verb) -> bool:
        """Own ones, forward."""
        return self.can_read(name) and verb in ("create", "append")

    def denied(self, name: str, verb: str) -> None:
        """Not noted."""


def test_what_may_not_be_read_looks_as_if_it_were_not_there(victim: Victim) -> None:
    service = service_of(repo_of(victim.store.storage), Limited())
    peer = Peer(Cut(service), PLAIN_HASHER)
    secret = victim.store.conversations.open("secret").head.oid
    at = At("conversations/secret", secret)
    assert peer.list(["*"], [at])[:2] == ({}, frozenset())
    for name in ("conversations/secret", "conversations/none"):
        with pytest.raises(RemoteRefused) as error:
            peer.fetch([At(name, secret)], [])
        assert error.value.text.replace(name, "") == "a ref is not there any more, or was moved back"
    head, objects = made()
    moves = [Move("conversations/own", None, head, force=False)]
    assert [o.result for o in peer.push(b"", moves, [at], objects)] == ["unknown base"]
    for move, result in ((Move("conversations/secret", secret, head, force=True), "forbidden"), (moves[0], "moved")):
        assert [(o.result, o.oid) for o in peer.push(b"", [move], [], objects)] == [
            (result, head if result == "moved" else None)
        ]
    deletion = Move("conversations/own", head, None, force=True)
    assert [o.result for o in peer.push(b"", [deletion], [], [])] == ["forbidden"]


class Liar:
    """A transport whose answers are given."""

    place = "liar"

    def __init__(self, *answers: Sequence[Message | bytes]) -> None:
        self._answers = list(answers)

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The next answer."""
        list(pieces)
        for message in self._answers.pop(0):
            yield message if isinstance(message, bytes) else encode_message(message)

    def close(self) -> None:
        """Nothing to close."""


NOTHING = (Common(()), Marks(()), End(0, 0))


@pytest.mark.parametrize(
    "answers",
    [
        [[HELLO, Refs((RefState("locks/x", Oid(bytes(32)), 1),)), *NOTHING]],
        [[HELLO, Refs((RefState("settings/user", Oid(bytes(32)), 1),)), *NOTHING]],
        [[HELLO, Refs((RefState("conversations/..", Oid(bytes(32)), 1),)), *NOTHING]],
        [[HELLO, Refs((RefState(NAME, Oid(bytes(32)), 1),) * 2), *NOTHING]],
        [[HELLO, End(0, 0)]],
        [[HELLO, Common(()), Marks(()), End(1, 0)]],
        [[Common(()), Marks(()), End(0, 0)]],
        [[b"HTTP/1.1 200 OK\r\n\r\n"]],
    ],
)
def test_a_listing_that_was_not_asked_for_is_refused(answers: list[list[Message | bytes]]) -> None:
    with objstore.open("memory:") as store, pytest.raises(CorruptObject):
        fetch(near_of(repo_of(store.storage)), Peer(Liar(*answers), PLAIN_HASHER), ["*"])


def test_a_far_side_of_another_domain_or_that_goes_away_is_told(victim: Victim) -> None:
    near = near_of(repo_of(victim.store.storage))
    with pytest.raises(RemoteRefused):
        fetch(near, Peer(Liar([Hello(VERSION, Domain(bytes(16)), ""), *NOTHING]), PLAIN_HASHER), ["*"])
    for cut in ([], [HELLO], [HELLO, Common(())], [HELLO, encode_message(Marks(()))[:3]]):
        with pytest.raises((RemoteFailed, CorruptObject)):
            fetch(near, Peer(Liar(cut), PLAIN_HASHER), ["*"])


Change = Callable[[list[Object]], list[Object]]


def test_objects_that_do_not_fit_the_listing_move_nothing(victim: Victim) -> None:
    head, objects = made()
    listing: list[Message | bytes] = [HELLO, Refs((RefState(NAME, head, 1),)), *NOTHING]
    secret = victim.store.conversations.open("secret").head.oid
    answers: list[tuple[tuple[Base, ...], list[Object]]] = [
        ((Base(0, secret),), objects),
        ((Base(7, head),), objects),
        ((), objects[1:]),
        ((), objects[:-1]),
        ((), [*objects, PLAIN_HASHER.object(Kind.BLOB, b"unasked")]),
        ((), []),
    ]
    for bases, sent in answers:
        counted = Counted()
        body: list[Message | bytes] = [HELLO, Bases(bases), *counted.frames(sent), counted.end()]
        with pytest.raises(CorruptObject):
            fetch(near_of(repo_of(victim.store.storage)), Peer(Liar(listing, body), PLAIN_HASHER), ["*"])
        assert list(victim.store.refs.find("remotes/")) == []
    assert list(victim.store.check()) == []


@pytest.mark.slow
def test_a_long_history_cut_into_small_segments_is_checked_all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objstore.sync.arrival.SEGMENT_OBJECTS", 50)
    with objstore.open("memory:") as source, objstore.open("memory:") as target:
        fill(source, "x", random.Random(5), 25)
        head = source.conversations.open("x").head.oid
        objects = list(Closure(repo_of(source.storage), {head: []}).objects())
        for at in range(0, len(objects), max(1, len(objects) // 10)):
            (failed,) = answer(Victim(target), request(push_of(head), objects[:at] + objects[at + 1 :]))
            assert isinstance(failed, Failed)
            assert "conversations/x" not in heads(target)
            assert list(target.check()) == []
