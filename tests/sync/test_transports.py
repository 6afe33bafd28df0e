"""The same sync through a pipe, as ssh has it, and over HTTP."""

from __future__ import annotations

import random
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import objstore
from objstore.errors import Diverged, InvalidRemote, RemoteFailed, RemoteRefused
from objstore.sync.stdio import ssh_command
from tests.sync.servers import served
from tests.sync.worlds import assert_sound, fill, heads, repo_of, results, service_of, told


@pytest.fixture
def a(tmp_path: Path) -> Iterator[objstore.Store]:
    with objstore.open(tmp_path / "it's a", create=True) as store:
        fill(store, "x", random.Random(1), 12)
        yield store


def exercise(a: objstore.Store, url: str, place: Path, token: str | None = None) -> None:
    """Clone, pull, push and diverge."""
    with objstore.clone(url, place, token=token) as b:
        assert told(b, "x") == told(a, "x")
        fill(b, "x", random.Random(2), 6)
        fill(b, "new", random.Random(3), 6)
        assert results(b.push("origin", token=token).refs) == {"conversations/new": "made", "conversations/x": "moved"}
        assert heads(a) == heads(b)
        a.conversations.open("x").append("theirs")
        b.conversations.open("x").append("ours")
        with pytest.raises(Diverged):
            b.push("origin", "x", token=token)
        assert results(b.pull("origin", on_diverged="theirs", token=token).refs)["conversations/x"] == "taken"
        assert_sound(a, b)


def test_a_store_behind_ssh_is_cloned_pulled_and_pushed(
    a: objstore.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(__file__).parent / "ssh.py"
    monkeypatch.setenv("OBJSTORE_SSH_COMMAND", shlex.join([sys.executable, str(program), "-q"]))
    exercise(a, f"ssh://ada@somewhere:2222{a.place}", tmp_path / "b")


def test_a_far_side_that_cannot_be_started_or_has_no_store_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with objstore.open("memory:") as store:
        store.remotes.add("far", "ssh://host/nothing/here")
        for command in (
            "/no/such/program",
            shlex.join([sys.executable, "-c", "import sys; sys.stdin.read(1)"]),
            shlex.join([sys.executable, "-c", "import os; os.write(1, b'Welcome!'); os.read(0, 100)"]),
        ):
            monkeypatch.setenv("OBJSTORE_SSH_COMMAND", command)
            with pytest.raises((RemoteFailed, objstore.CorruptObject)):
                store.pull("far")
    assert not (tmp_path / "nothing").exists()


def test_the_words_for_ssh_keep_the_path_whole() -> None:
    assert ssh_command("ssh://u@h:22/a%20b", {}) == ["ssh", "-p", "22", "--", "u@h", "objstore serve-stdio '/a b'"]
    assert ssh_command("ssh://h/~/x", {"OBJSTORE_SSH_COMMAND": "ssh -v"})[-4:] == [
        "-v",
        "--",
        "h",
        "objstore serve-stdio x",
    ]


def test_a_store_over_http_is_cloned_pulled_and_pushed(a: objstore.Store, tmp_path: Path) -> None:
    with served(service_of(repo_of(a.storage)), "token") as url:
        exercise(a, url, tmp_path / "b", "token")


def test_a_server_that_refuses_is_not_there_or_goes_away_is_told(
    a: objstore.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("objstore.sync.retrying.FIRST_PAUSE", 0.001)
    with objstore.open("memory:") as b:
        with served(service_of(repo_of(a.storage)), "token") as url:
            b.remotes.add("far", url)
            for token in (None, "wrong"):
                with pytest.raises(RemoteRefused) as refused:
                    b.pull("far", token=token)
                assert refused.value.code == "401"
        with pytest.raises(RemoteFailed):
            b.pull("far")
        b.remotes.remove("far")
        for cut in range(4):
            with served(service_of(repo_of(a.storage)), cut=cut) as url:
                b.remotes.add("far", url)
                with pytest.raises(RemoteFailed):
                    b.pull("far")
                b.remotes.remove("far")
        assert heads(b) == {}
        with served(service_of(repo_of(a.storage))) as url:
            b.remotes.add("far", url)
            b.pull("far")
            assert told(b, "x") == told(a, "x")
        with pytest.raises(InvalidRemote):
            b.remotes.add("other", "http://user:token@host/x")
