"""A network that cuts, drops, repeats, reorders, corrupts and delays: every end is clear, and the same again heals it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import get_args

import pytest

import objstore
from objstore.errors import CorruptObject, RemoteFailed, RemoteRefused
from objstore.sync.retrying import ATTEMPTS
from tests.server.servers import Client, Server, serving
from tests.sync.proxy import Fault, Kind, Proxy, Side, proxied
from tests.sync.worlds import assert_sound, heads

KINDS = [pytest.param(kind, marks=[] if kind == "cut" else [pytest.mark.slow]) for kind in get_args(Kind)]


class World:
    """A served store, one beside it, and a proxy between them."""

    def __init__(self, server: Server, proxy: Proxy, near: objstore.Store) -> None:
        self.server = server
        self.proxy = proxy
        self.near = near
        self.far = objstore.open(server.folder)
        self.client: Client = server.client()
        near.remotes.add("far", f"http://127.0.0.1:{proxy.port}/main")

    def sync(self) -> None:
        """Pull, then push."""
        self.near.pull("far", token=self.client.token)
        self.near.push("far", token=self.client.token)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("objstore.sync.wire._TARGET", 6_000)  # what this side sends takes several frames
    monkeypatch.setattr("objstore.sync.retrying.FIRST_PAUSE", 0.001)
    with (
        serving(tmp_path / "far") as server,
        proxied(server.port) as proxy,
        objstore.open(tmp_path / "near", create=True) as near,
    ):
        made = World(server, proxy, near)
        with made.far:
            yield made


@pytest.mark.parametrize("side", get_args(Side))
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_befalls_any_message_the_end_is_clear_and_the_same_again_heals_it(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: Kind, side: Side
) -> None:
    monkeypatch.setattr("objstore.sync.retrying.ATTEMPTS", 1)
    theirs, ours = world.far.conversations.create("theirs"), world.near.conversations.create("ours")
    world.sync()
    failed = 0
    for unit in count(step=1 if kind == "cut" else 2):
        theirs.append_many({"n": number, "text": f"{unit} theirs " * 20} for number in range(20))
        ours.append_many({"n": number, "text": f"{unit} ours " * 20} for number in range(30))
        world.proxy.spoil(Fault(kind, side, unit))
        try:
            world.sync()
        except (RemoteFailed, RemoteRefused, CorruptObject):
            failed += 1
        if not world.proxy.hit:
            break
        world.proxy.spoil(None)
        world.sync()
        assert heads(world.near) == heads(world.far), f"unit {unit}"
    assert unit >= 10, "the faults struck nothing"
    assert (failed == 0) == (kind == "delay")
    assert_sound(world.near, world.far)


@pytest.mark.slow
@pytest.mark.parametrize("side", get_args(Side))
def test_a_connection_that_is_cut_is_tried_again_by_itself(world: World, side: Side) -> None:
    conv = world.near.conversations.create("ours")
    for unit in count():
        conv.append_many({"n": number, "text": f"{unit} ours " * 20} for number in range(60))
        world.proxy.spoil(Fault("cut", side, unit))
        world.sync()
        assert heads(world.near) == heads(world.far), f"unit {unit}"
        if not world.proxy.hit:
            break
    assert unit >= 8, "nothing was cut"
    assert_sound(world.near, world.far)


def test_a_server_that_stays_away_is_told_after_so_many_attempts(world: World) -> None:
    world.near.conversations.create("ours")
    world.server.stop()
    told: list[tuple[str, int, int]] = []
    with pytest.raises(RemoteFailed):
        world.near.push("far", token=world.client.token, progress=lambda *each: told.append(each))
    assert [each for each in told if each[0] == "Trying again"] == [
        ("Trying again", number, ATTEMPTS - 1) for number in range(1, ATTEMPTS)
    ]
