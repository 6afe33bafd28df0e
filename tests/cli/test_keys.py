"""`objstore keys …`."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.calls import Calls


@pytest.fixture
def secret(call: Calls) -> Calls:
    call("settings", "set-secret", "user", "k", "--create", stdin="sk-canary")
    return call


def test_without_a_key_the_commands_say_how_one_is_made(call: Calls) -> None:
    for words in (("keys",), ("keys", "list"), ("keys", "recovery")):
        assert "The first secret makes one" in call(*words)
        assert call.json(*words) == []


def test_keys_are_listed_rotated_and_destroyed(secret: Calls) -> None:
    (first,) = secret.json("keys")
    assert (first["epoch"], first["current"], first["shown"]) == (1, True, None)
    assert first["place"].startswith(str(secret.keys))
    said = secret("keys", "rotate")
    assert "Epoch 2 seals now; 1 refs" in said
    assert "objstore keys recovery" in said  # the new key has a code of its own
    assert [line["current"] for line in secret.json("keys", "list")] == [False, True]
    assert secret("settings", "get", "user", "k", "--reveal", "--at", "~1") == "sk-canary\n"
    assert "Abort" in secret("keys", "destroy", "1", stdin="n\n", code=1)
    assert secret.json("keys", "destroy", "1", "--yes") == [{"destroyed": first["name"]}]
    assert secret("settings", "get", "user", "k", "--reveal") == "sk-canary\n"
    said = secret("settings", "get", "user", "k", "--reveal", "--at", "~1", code=3)
    assert "destroyed on purpose" in said
    assert "it is the one that seals" in secret("keys", "destroy", "2", "--yes", code=4)


def test_a_recovery_code_is_printed_once_and_restores_the_key(secret: Calls) -> None:
    code = secret("keys", "recovery")
    assert code.startswith("OSK1-")
    assert "To see them once more: --again" in secret("keys", "recovery", code=4)
    assert secret("keys", "recovery", "--again") == code
    assert "recovery code shown 2" in secret("keys")
    shutil.rmtree(secret.keys)
    assert "objstore keys recover" in secret("settings", "get", "user", "k", "--reveal", code=3)
    assert "no recovery code" in secret("keys", "recover", stdin="OSK1-nonsense", code=2)
    assert "is here again" in secret("keys", "recover", stdin=f"\n{code.lower()}\n")
    assert secret("settings", "get", "user", "k", "--reveal") == "sk-canary\n"


def test_a_key_that_others_can_read_is_refused_with_the_remedy(secret: Calls) -> None:
    (path,) = secret.keys.glob("*.key")
    path.chmod(0o644)
    said = secret("settings", "get", "user", "k", "--reveal", code=1)
    assert f"Run: chmod 600 '{path}'" in said
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-9])
    assert "cut short" in secret("settings", "get", "user", "k", "--reveal", code=5)


def test_what_cannot_be_sealed_anew_is_told_and_the_exit_code_says_so(secret: Calls) -> None:
    shutil.rmtree(secret.keys)
    said = secret("keys", "rotate", code=1)
    assert "settings/user, k is left as it is" in said
