"""Settings over HTTP. A secret goes in and never comes out."""

from __future__ import annotations

import objstore
from tests.server.servers import Client, Server

CANARY = "sk-canary-5b1e"


def test_settings_are_set_read_and_unset(ada: Client) -> None:
    ada.ok("POST", "/settings", {"name": "user"})
    ada.ok("PATCH", "/settings/user/values", {"set": {"llm.model": "x", "llm.limits": {"a": [1, 2.5]}}})
    ada.ok("PATCH", "/settings/user/values", {"set": {"llm.model": "y"}, "unset": ["llm.limits"]})
    assert ada.ok("GET", "/settings/user/values") == {"values": {"llm.model": "y"}, "secrets": []}
    assert ada.ok("GET", "/settings/user/values", at="~1")["values"]["llm.limits"] == {"a": [1, 2.5]}
    assert ada("PATCH", "/settings/user/values", {"unset": ["nothing"]}).json["error"] == "UnknownSetting"


def test_a_value_is_resolved_over_scopes_with_its_source(ada: Client) -> None:
    ada.ok("POST", "/settings", {"name": "general"})
    ada.ok("PATCH", "/settings/general/values", {"set": {"a": 1, "b": 1}})
    ada.ok("POST", "/conversations", {"name": "chat"})
    ada.ok("PATCH", "/conversations/chat/values", {"set": {"b": 2}})
    body = {"scopes": ["settings/general", "conversations/chat"], "defaults": {"c": 0}, "overrides": {"d": 4}}
    found = ada.ok("POST", "/resolve", body)["values"]
    assert {key: (each["value"], each["source"], each["scope"]) for key, each in found.items()} == {
        "a": (1, "stored", "settings/general"),
        "b": (2, "stored", "conversations/chat"),
        "c": (0, "default", ""),
        "d": (4, "override", ""),
    }
    assert ada("POST", "/resolve", {"scopes": ["tags/x"]}).status == 422
    assert ada("POST", "/resolve", {"scopes": ["settings/nothing"]}).status == 404


def test_a_secret_is_sealed_and_told_to_nobody(ada: Client, server: Server) -> None:
    ada.ok("POST", "/settings", {"name": "vault"})
    told = [
        ada("PATCH", "/settings/vault/values", {"secrets": {"llm.key": CANARY}}),
        ada("GET", "/settings/vault/values"),
        ada("POST", "/resolve", {"scopes": ["settings/vault"]}),
        ada("PATCH", "/settings/vault/values", {"secrets": {"a b": CANARY}}),
        ada("PATCH", "/settings/vault/values", {"secrets": {"k": [CANARY]}}),
        ada("PATCH", "/settings/vault/values", {"secrets": {"k": CANARY}, "more": CANARY}),
    ]
    assert [each.status for each in told] == [200, 200, 200, 422, 422, 422]
    assert told[1].json == {"values": {}, "secrets": ["llm.key"]}
    assert told[2].json["values"]["llm.key"]["value"] is None
    assert not any(CANARY.encode() in each.body for each in told)
    assert CANARY not in server.log
    with objstore.open(server.folder, keys=server.folder.parent / "keys") as store:
        assert store.settings.open("vault").get("llm.key").reveal() == CANARY  # the control: it is there
        assert all(CANARY not in str(record) for record in store.access.audit())
