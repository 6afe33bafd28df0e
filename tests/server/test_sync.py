"""Sync with a server: what tokens and grants let through, what they keep from whom, and what is written down of it."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import RemoteRefused
from objstore.objects.hashing import PLAIN_HASHER
from objstore.objects.kinds import Domain, Oid
from objstore.sync.closure import Closure
from objstore.sync.http import OverHttp
from objstore.sync.marks import Marks
from objstore.sync.peer import Peer
from objstore.sync.protocol import VERSION, At, Fetch, Hello, List, Move, Push, encode_message
from objstore.sync.wire import Counted, MessageReader
from refs.edits import Note
from tests.server.servers import Client, Server
from tests.sync.worlds import assert_sound, fill, heads, repo_of, results, told

HELLO = Hello(VERSION, Domain(b""), "test")
OWN = "conversations/own"


def url_of(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}/{client.tenant}"


@pytest.fixture
def far(server: Server, ada: Client) -> Iterator[objstore.Store]:
    """The served store, as its owner has it."""
    with objstore.open(server.folder) as store:
        if "secret" not in {each.name for each in store.conversations.find()}:
            store.conversations.create("secret").append("the secret")
        yield store


def peer_of(client: Client) -> Peer:
    return Peer(OverHttp(url_of(client), client.token), PLAIN_HASHER)


def own(tmp_path: Path, name: str) -> objstore.Store:
    """A store with a conversation of this name."""
    store = objstore.open(tmp_path / secrets.token_hex(4), create=True)
    fill(store, name, random.Random(3), 6)
    return store


def test_clone_push_and_pull_go_through_the_server(far: objstore.Store, ada: Client, tmp_path: Path) -> None:
    fill(far, "x", random.Random(1), 12)
    with objstore.clone(url_of(ada), tmp_path / "b", token=ada.token) as b:
        assert told(b, "x") == told(far, "x")
        fill(b, "x", random.Random(2), 6)
        fill(b, "new", random.Random(3), 6)
        assert results(b.push("origin", token=ada.token).refs)["conversations/new"] == "made"
        assert told(b, "x") == told(far, "x")
        ada.append("x", "over the other door")
        assert results(b.pull("origin", token=ada.token).refs)["conversations/x"] == "moved"
        assert heads(b) == heads(far)
        assert_sound(far, b)


def test_a_pushed_ref_says_who_moved_it_and_with_which_token(far: objstore.Store, ada: Client, tmp_path: Path) -> None:
    with own(tmp_path, "signed") as store:
        store.remotes.add("far", url_of(ada))
        store.push("far", "signed", token=ada.token)
    entry = next(far.refs.log("conversations/signed"))
    assert entry.who == "ada"
    assert entry.why == f"push by token {ada.ok('GET', '/me')['token']}"


def test_a_narrow_token_sees_and_brings_only_its_own(far: objstore.Store, server: Server, tmp_path: Path) -> None:
    eve = server.client(f"{OWN}:read,create,append", principal="eve")
    secret = far.conversations.open("secret").head.oid
    peer = peer_of(eve)
    assert peer.list(["*"], [At("conversations/secret", secret)])[:2] == ({}, frozenset())
    told_off: list[str] = []
    for name in ("conversations/secret", "conversations/absent"):
        with pytest.raises(RemoteRefused) as refused:
            peer.fetch([At(name, secret)], [])
        told_off.append(refused.value.text.replace(name, ""))
    assert told_off[0] == told_off[1]
    with own(tmp_path, "own/a") as store:
        store.conversations.open("own/a").fork("other")
        store.remotes.add("far", url_of(eve))
        with pytest.raises(RemoteRefused, match="forbidden"):
            store.push("far", "other", token=eve.token)
        assert results(store.push("far", "own/a", token=eve.token).refs) == {"conversations/own/a": "made"}
        store.conversations.open("own/a").append(1)
        assert results(store.push("far", "own/a", token=eve.token).refs) == {"conversations/own/a": "moved"}
        store.conversations.open("own/a").rewind(1)
        store.fetch("far", "own/a", token=eve.token)
        with pytest.raises(RemoteRefused, match="forbidden"):
            store.push("far", "own/a", force=True, token=eve.token)
        assert far.refs.get("conversations/other") is None
    refusals = [(r.principal, r.new, r.subject) for r in far.access.audit() if r.action == "refuse"]
    for each in (
        ("eve", "read", "conversations/secret"),
        ("eve", "create", "conversations/other"),
        ("eve", "force", "conversations/own/a"),
    ):
        assert each in refusals


def test_nobody_builds_on_what_they_may_not_read(far: objstore.Store, server: Server) -> None:
    eve = server.client(f"{OWN}:read,create,append", principal="eve")
    secret = far.conversations.open("secret").head.oid
    peer = peer_of(eve)
    moves = [Move("conversations/own/stolen", None, secret, force=False)]
    outcomes = peer.push(b"", moves, [At("conversations/secret", secret)], [])
    assert [outcome.result for outcome in outcomes] == ["unknown base"]
    with pytest.raises(RemoteRefused, match="corrupt"):
        peer.push(b"", moves, [], [])
    assert far.refs.get("conversations/own/stolen") is None


def test_what_one_token_left_unfinished_is_not_there_for_another_of_the_same_principal(
    far: objstore.Store, server: Server, ada: Client
) -> None:
    scope, push_id = f"token {ada.ok('GET', '/me')['token']}", bytes(16)
    secret = far.conversations.open("secret").head.oid
    edits = Marks(repo_of(far.storage), scope, push_id).moved({secret})
    far.storage.apply((), edits, Note("ada", "incoming", 0))
    assert peer_of(ada).list([], [], push_id).marks == (secret,)
    assert peer_of(server.client(principal="ada")).list([], [], push_id).marks == ()
    far.storage.apply((), [edit._replace(new=None) for edit in edits], Note("ada", "end", 0))


def test_a_token_of_another_tenant_or_none_is_told_nothing(server: Server, ada: Client) -> None:
    request = [encode_message(HELLO) + encode_message(List(("*",))) + Counted().end()]
    assert Client(ada.port, ada.token, "other").sync(request).status == 401
    assert Client(ada.port, "objs_none").sync(request).status == 401
    assert ada.raw("POST", "/main/sync", b"".join(request), {"Authorization": f"Bearer {ada.token}"}).status == 415
    assert server.process.poll() is None


def test_a_right_that_is_taken_away_while_objects_come_counts(
    far: objstore.Store, server: Server, tmp_path: Path
) -> None:
    eve = server.client(f"{OWN}:read,create,append", principal="mallory")
    with own(tmp_path, "own/late") as store:
        head = store.conversations.open("own/late").head.oid
        objects = list(Closure(repo_of(store.storage), {head: []}).objects())

    def pieces() -> Iterator[bytes]:
        counted = Counted()
        push = Push(b"", (Move("conversations/own/late", None, head, force=False),), ())
        yield encode_message(HELLO) + encode_message(push)
        yield from counted.frames(objects)
        far.access.revoke("mallory", OWN)
        yield counted.end()

    reader = MessageReader([eve.sync(pieces()).body])
    reader.next()
    assert [each.result for each in getattr(reader.next(), "outcomes")] == ["forbidden"]  # noqa: B009 - an Outcomes
    assert far.refs.get("conversations/own/late") is None


def test_a_body_that_stops_coming_or_ends_early_is_let_go(far: objstore.Store, ada: Client) -> None:
    before = heads(far)
    start = encode_message(HELLO) + encode_message(Fetch((At("conversations/secret", Oid(bytes(32))),), ()))
    answer = ada.sync([start[:-3]])
    reader = MessageReader([answer.body])
    reader.next()
    assert getattr(reader.next(), "code") == "cut short"  # noqa: B009 - a Failed
    assert heads(far) == before
