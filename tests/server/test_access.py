"""Who is let in, to what, and what is told to those who are not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.access.grant import parse_grant
from tests.server.servers import PATIENCE, Answer, Client, Server, serving

TEAM = "conversations/team:read,append,create"


@pytest.fixture(scope="module")
def eve(server: Server, ada: Client) -> Client:
    """A client that may only work below conversations/team."""
    ada.append("team/a", {"text": "walrus in the team"}, create=True)
    ada.append("teams", {"text": "walrus elsewhere"}, create=True)
    ada.append("secret", {"text": "walrus in secret"}, create=True)
    ada.ok("POST", "/files", {"name": "private"})
    ada.ok("POST", "/settings", {"name": "private"})
    return server.client(TEAM, principal="eve")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]


def test_without_a_good_token_nobody_is_let_in(server: Server, ada: Client) -> None:
    wrong = ["", "x", "objs_" + "0" * 49, ada.token[:-1] + ("0" if ada.token[-1] != "0" else "1"), ada.token + " x"]
    for token in wrong:
        answer = Client(server.port, token)("GET", "/me")
        assert told(answer) == (401, "InvalidToken")
        assert "www-authenticate" in answer.headers
    bare = ada.raw("GET", "/main/v1/me", None, {})
    assert told(bare) == (401, "InvalidToken")


def test_a_tenant_that_is_not_there_is_like_a_token_that_is_not(server: Server, ada: Client) -> None:
    for tenant in ("other", "..", "%2e%2e", "main%2F..", "MAIN", "x" * 300):
        answer = Client(server.port, ada.token, tenant)("GET", "/me")
        assert told(answer)[0] in (401, 404)
        assert told(answer) == told(Client(server.port, ada.token, "nothing")("GET", "/me"))


def test_what_may_not_be_read_is_as_if_it_were_not_there(eve: Client) -> None:
    for path in ("/conversations/secret", "/conversations/secret/events", "/conversations/secret/log"):
        forbidden, absent = eve("GET", path), eve("GET", path.replace("secret", "absent"))
        assert told(forbidden) == told(absent) == (404, "UnknownConversation")
        assert forbidden.json["detail"].replace("secret", "absent") == absent.json["detail"]
    assert told(eve("GET", "/conversations/secret/follow")) == (404, "UnknownConversation")
    assert told(eve("GET", "/conversations/secret/wait", after=0)) == (404, "UnknownConversation")
    assert told(eve("GET", "/files/private/tree")) == (404, "UnknownWorkspace")
    assert told(eve("GET", "/settings/private/values")) == (404, "UnknownSettings")
    assert told(eve("POST", "/resolve", {"scopes": ["settings/private"]})) == (404, "UnknownSettings")


def test_a_prefix_ends_at_a_slash(eve: Client) -> None:
    assert [each["name"] for each in eve.ok("GET", "/conversations")["conversations"]] == ["team/a"]
    assert eve.ok("GET", "/conversations", prefix="teams")["conversations"] == []
    assert eve.ok("GET", "/files")["names"] == eve.ok("GET", "/settings")["names"] == []
    assert told(eve("GET", "/conversations/teams")) == (404, "UnknownConversation")


def test_what_may_not_be_done_is_forbidden_whether_or_not_it_is_there(eve: Client, ada: Client) -> None:
    for name in ("secret", "absent"):
        for method, path, body in (
            ("POST", f"/conversations/{name}/events", {"events": [1]}),
            ("POST", f"/conversations/{name}/rewind", {"to": "0"}),
            ("POST", f"/conversations/{name}/undo", None),
            ("DELETE", f"/conversations/{name}", None),
            ("PATCH", f"/conversations/{name}/values", {"set": {"a": 1}}),
            ("POST", "/conversations/team%2Fa/fork", {"name": name}),
            ("POST", "/conversations", {"name": name}),
        ):
            assert told(eve(method, path, body)) == (403, "AccessDenied")
    assert told(eve("POST", "/conversations/secret/fork", {"name": "team/b"})) == (404, "UnknownConversation")
    assert told(eve("POST", "/conversations/team%2Fa/rewind", {"to": "0"})) == (403, "AccessDenied")
    assert ada.events("secret") == [{"text": "walrus in secret"}]


def test_ids_and_names_of_other_histories_are_no_moments(eve: Client, ada: Client) -> None:
    foreign = ada.ok("GET", "/conversations/secret")["commit"]["id"]
    for moment in (foreign, foreign[:8], "secret", "secret#1", "secret~0", f"{foreign}~0"):
        for answer in (
            eve("GET", "/conversations/team%2Fa/events", at=moment),
            eve("POST", "/conversations/team%2Fa/fork", {"name": "team/stolen", "at": moment}),
        ):
            assert answer.status in (404, 422)
            assert b"walrus in secret" not in answer.body
    assert told(eve("GET", "/conversations/team%2Fa", at=foreign)) == (404, "UnknownRevision")


def test_a_search_finds_only_what_may_be_read(eve: Client, ada: Client) -> None:
    assert len(ada.ok("GET", "/search", query="walrus")["hits"]) == 3
    for prefix in ("", "team", "teams", "secret"):
        hits = eve.ok("GET", "/search", query="walrus", prefix=prefix)["hits"]
        assert [hit["places"] for hit in hits] == ([["team/a#1"]] if prefix in ("", "team") else [])


def test_one_conversation_can_be_granted_alone(server: Server, ada: Client) -> None:
    ada.append("only", {"text": "walrus only"}, create=True)
    ada.append("only10", {"text": "walrus only"}, create=True)
    one = server.client("conversations/only:read", principal="one")
    assert [each["name"] for each in one.ok("GET", "/conversations")["conversations"]] == ["only"]
    assert [hit["places"] for hit in one.ok("GET", "/search", query="walrus")["hits"]] == [["only#1"]]


def test_an_expired_and_a_revoked_token_are_refused_at_once(server: Server) -> None:
    with objstore.open(server.folder) as store:
        text, made = store.access.create_token("ada")
        short, _ = store.access.create_token("ada", expires=1)
        client = Client(server.port, text)
        client.ok("GET", "/me")
        store.access.revoke_token(made.id)
    assert "revoked" in client("GET", "/me").json["detail"]
    end = time.monotonic() + PATIENCE
    while Client(server.port, short)("GET", "/me").status != 401:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_token_is_narrowed_handed_on_and_revoked_by_its_owner(server: Server, ada: Client) -> None:
    ada.append("mine", 1, create=True)
    made = ada.ok("POST", "/tokens", {"narrowed": ["conversations/mine:read"], "expires": 60, "note": "child"})
    child = Client(server.port, made["token"])
    assert child.events("mine") == [1]
    assert told(child("POST", "/conversations/mine/events", {"events": [2]})) == (403, "AccessDenied")
    wider = Client(server.port, child.ok("POST", "/tokens", {"narrowed": [":read,append,delete"]})["token"])
    assert told(wider("DELETE", "/conversations/mine")) == (403, "AccessDenied")
    me = ada.ok("GET", "/me")["token"]
    assert told(child("DELETE", f"/tokens/{me}")) == (404, "UnknownToken")
    ada.ok("DELETE", f"/tokens/{made['id']}")
    for client in (child, wider):
        assert told(client("GET", "/me")) == (401, "InvalidToken")
    assert told(ada("POST", "/tokens", {"narrowed": ["nonsense"]})) == (422, "InvalidGrant")


def test_refusals_are_in_the_log_of_access(server: Server, eve: Client) -> None:
    eve("GET", "/conversations/secret")
    Client(server.port, "objs_" + "0" * 49)("GET", "/me")
    with objstore.open(server.folder) as store:
        end = time.monotonic() + PATIENCE
        wanted = {("eve", "conversations/secret", "AccessDenied"), ("", "", "InvalidToken")}
        while not wanted <= {(r.principal, r.subject, r.result) for r in store.access.audit()}:
            assert time.monotonic() < end
            eve("GET", "/conversations/secret")
            Client(server.port, "objs_" + "0" * 49)("GET", "/me")
        store.access.verify_audit()
    assert eve.token not in server.log


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root: Path = tmp_path_factory.mktemp("many")
    for name in ("one", "two"):
        objstore.open(root / name, create=True).close()
    (root / "link").symlink_to(root / "one")
    with serving(root, root=True) as made:
        yield made


def test_tenants_share_nothing(many: Server) -> None:
    one, two = many.client(tenant="one"), many.client(tenant="two")
    one.append("c", {"text": "walrus one"}, create=True)
    assert two.ok("GET", "/conversations")["conversations"] == []
    assert two.ok("GET", "/search", query="walrus")["hits"] == []
    for tenant in ("two", "link", "three"):
        assert told(Client(many.port, one.token, tenant)("GET", "/conversations/c")) == (401, "InvalidToken")


def test_a_layer_of_grants_is_told_to_its_owner(server: Server) -> None:
    with objstore.open(server.folder) as store:
        store.access.grant("layered", "a", ["read"])
        text, _ = store.access.create_token("layered", narrowed=[parse_grant("a/b:read")])
    assert Client(server.port, text).ok("GET", "/me")["grants"] == [["a:read"], ["a/b:read"]]
