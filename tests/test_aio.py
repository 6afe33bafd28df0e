"""The awaited API: it does what the synchronous one does, never blocks the loop, and survives being cancelled."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.access.access import Access
from objstore.aio import AsyncConversation, AsyncSettings, AsyncStore, AsyncWorkspace
from objstore.aio.access import AsyncAccess
from objstore.aio.collections import AsyncSettingsCollection, AsyncTags
from objstore.aio.conversations import AsyncConversationDraft, AsyncConversationView
from objstore.aio.face import THREADS, Face, InTurn, Threads
from objstore.aio.files import AsyncFilesDraft, AsyncFilesView
from objstore.aio.metadata import AsyncMetadata, AsyncMetadataDraft
from objstore.aio.settings import AsyncChain, AsyncSecretKeys, AsyncSettingsDraft, AsyncSettingsView
from objstore.aio.store import AsyncSigners
from objstore.conversations.conversation import Conversation
from objstore.conversations.draft import ConversationDraft
from objstore.conversations.follow import HeadMoved
from objstore.conversations.metadata import Metadata, MetadataDraft
from objstore.conversations.view import ConversationView
from objstore.errors import (
    ConversationExists,
    InvalidValue,
    LockHeld,
    MergeConflict,
    MovedHead,
    NotAStore,
    StoreClosed,
    UnknownConversation,
)
from objstore.files.draft import FilesDraft
from objstore.files.view import FilesView
from objstore.files.workspace import Workspace
from objstore.repository.tags import Tags
from objstore.settings.chain import Chain
from objstore.settings.collection import SettingsCollection
from objstore.settings.draft import SettingsDraft
from objstore.settings.secret_keys import SecretKeys
from objstore.settings.settings import Settings
from objstore.settings.view import SettingsView
from objstore.signing.signers import Signers
from objstore.store import Store

Work = Callable[[AsyncStore], Awaitable[None]]


@pytest.fixture(params=["memory", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory:" if request.param == "memory" else str(tmp_path / "store")


def with_store(place: str, work: Work) -> None:
    async def main() -> None:
        async with objstore.aio.open(place, create=True) as store:
            await asyncio.wait_for(work(store), 60)

    asyncio.run(main())


async def listed(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


def test_a_conversation_awaited(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        assert (await conv.append({"n": 0})).events == 1
        await conv.append_many({"n": number} for number in range(1, 1500))
        assert await conv.count() == 1500
        assert await conv[-1] == {"n": 1499}
        assert await conv[1020:1030] == [{"n": number} for number in range(1020, 1030)]
        assert await listed(aiter(conv)) == [{"n": number} for number in range(1500)]
        assert len(await listed(conv.log())) == 1501
        past = await conv.at(3)
        assert await listed(aiter(past)) == await past[:] == [{"n": 0}, {"n": 1}, {"n": 2}]
        assert (await past.count(), past.commit.events, await past[-1]) == (3, 3, {"n": 2})
        fork = await conv.fork("d", at=2)
        await fork.append("x")
        await conv.rewind(2)
        assert (await conv.merge(fork)) == await fork.head()
        await conv.undo()
        await conv.redo()
        assert await conv[-1] == "x"
        assert (await conv.diff(1, "~0")).events == (1, 0, 2)
        assert [info.name for info in await listed(store.conversations.find(limit=1))] == ["c"]
        assert (fork.name, await store.conversations.contains("d")) == ("d", True)
        await store.conversations.delete("d")
        assert not await store.conversations.contains("d")
        operation = await anext(store.operations())
        await store.undo(operation)
        assert (await (await store.view("d#3"))[2]) == "x"
        assert (await store.resolve("d")).events == 3
        assert await listed(store.check()) == []

    with_store(place, work)


def test_files_settings_and_a_block_awaited(place: str, tmp_path: Path) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.create("c")
        (tmp_path / "work").mkdir()
        (tmp_path / "work" / "a.txt").write_text("a")
        async with conv.commit("all three") as draft:
            await draft.append("event")
            await draft.files.snapshot(tmp_path / "work")
            await draft.settings.update({"llm.model": "x"})
        assert draft.made == await conv.head()
        assert await conv.files.read("a.txt") == b"a"
        assert await conv.settings.get("llm.model") == "x"
        past = await conv.at(0)
        assert (await past.files.count(), await past.settings.values()) == (0, {})
        files = await store.files.open("ws", create=True)
        await files.write("b/c.txt", b"12345")
        async with files.commit("two") as writes:
            await writes.write("d", b"d")
            await writes.delete("b/c.txt")
        assert [info.path for info in await listed(files.find())] == ["d"]
        before = await files.at("~1")
        assert (await before.read("b/c.txt", 1, 2), await listed(before.chunks("b/c.txt"))) == (b"23", [b"12345"])
        async with await files.open("large", "wb", mode=0o755) as file:
            assert await file.write(b"0123456789") == 10
        async with await (await files.at("~0")).open("large") as file:
            assert (await file.seek(7), await file.read(2), await file.read()) == (7, b"78", b"9")
        with suppress(RuntimeError):
            async with await files.open("large", "wb") as file:
                await file.write(b"lost")
                raise RuntimeError
        await files.append("large", b"!")
        await files.move("large", "deep/er")
        await files.copy("deep", "again")
        assert [info.path for info in await listed(files.glob("*/er"))] == ["again/er", "deep/er"]
        assert [entry.name for entry in await listed(files.list("again"))] == ["er"]
        assert await files.read_to("again/er", tmp_path / "er") == 11
        await files.write_from("d", tmp_path / "er")
        assert (await files.read("d"), await files.exists("deep")) == (b"0123456789!", True)
        await files.delete("deep", recursive=True)
        async with await files.lock("build", owner="ada", ttl=30) as lock:
            await files.under(lock).write("guarded", b"x")
            assert [(info.name, info.token) for info in await listed(files.locks())] == [("build", lock.token)]
            with pytest.raises(LockHeld):
                await files.lock("build", wait=0.06)
            await lock.renew()
            assert (await lock.held(), lock.name, lock.owner, lock.expires > 0) == (True, "build", "ada", True)
        assert await files.break_lock("build") is None
        async with files.temporary(at="~0") as folder:
            assert (folder / "guarded").read_bytes() == b"x"
        assert not folder.exists()
        await files.delete("guarded")
        assert [each.path for each in await listed(files.patch("~1", "~0"))] == ["guarded"]
        newer = await files.at("~0")
        assert [each.kind for each in await listed((await files.at("~1")).patch(newer))] == ["deleted"]
        assert [line.text for line in await files.blame("d")] == ["0123456789!"]
        await files.replace(conv.files)
        await files.checkout(tmp_path / "out")
        assert (tmp_path / "out" / "a.txt").read_text() == "a"
        settings = await store.settings.open("user", create=True)
        await settings.set("a", 1)
        async with settings.commit() as changes:
            await changes.set("b", 2)
        assert (await settings.values(), await (await settings.at("~1")).values()) == ({"a": 1, "b": 2}, {"a": 1})
        await store.tags.create("v1", "c")
        assert [tag.name for tag in await listed(store.tags.find())] == ["v1"]
        assert (await store.refs.get("tags/v1")) is not None
        assert len(await listed(store.refs.find())) == 4
        assert len(await listed(store.refs.log("files/ws"))) == 12

    with_store(place, work)


def test_searching_awaited(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        await conv.append({"role": "user", "content": "fix readFile"})
        assert (await store.conversations.catch_up()).events == 1
        (hit,) = await store.conversations.search("file", role="user")
        assert hit.places == ("c#1",)

    with_store(place, work)


def test_errors_are_those_of_the_synchronous_methods(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        pinned = await conv.append(1)
        await conv.append(2)
        with pytest.raises(MovedHead):
            await conv.append(3, expected_head=pinned)
        with pytest.raises(UnknownConversation):
            await store.conversations.open("nothing")
        with pytest.raises(ConversationExists):
            await store.conversations.create("c")
        with pytest.raises(InvalidValue, match=r"content\[1\]"):
            await conv.append({"content": [1, b""]})
        with pytest.raises(IndexError):
            await conv[2]
        side = await conv.fork("side")
        await conv.files.write("a", b"1")
        await side.files.write("a", b"2")
        with pytest.raises(MergeConflict):
            await conv.merge(side)
        await conv.merge("side", prefer="theirs")
        assert await conv.files.read("a") == b"2"

    with_store(place, work)


def test_a_block_that_fails_or_is_cancelled_commits_nothing(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)

        async def fail() -> None:
            async with conv.commit() as draft:
                await draft.append("never")
                raise RuntimeError("mine")

        with pytest.raises(RuntimeError, match="mine"):
            await fail()
        entered = asyncio.Event()

        async def wait_inside() -> None:
            async with conv.commit() as draft:
                await draft.append("never")
                await asyncio.gather(*(draft.files.write(f"{n}", b"x" * 300_000) for n in range(20)), hold(entered))

        task = asyncio.create_task(wait_inside())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await conv.count() == 0
        await conv.append("and goes on")
        assert await listed(store.check()) == []

    with_store(place, work)


async def hold(entered: asyncio.Event) -> None:
    entered.set()
    await asyncio.sleep(60)


def test_calls_on_a_draft_at_once_are_made_one_after_the_other(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        async with conv.commit() as draft:
            await asyncio.gather(*(draft.append(number) for number in range(50)))
            await asyncio.gather(*(draft.files.write(f"f{number}", bytes([number]) * 50_000) for number in range(30)))
        assert await conv[:] == list(range(50))
        assert await conv.files.count() == 30

    with_store(place, work)


def test_many_tasks_append_at_once_and_lose_nothing(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)

        async def appender(who: int) -> None:
            mine = await store.conversations.open("c")
            for number in range(8):
                await mine.append([who, number])

        await asyncio.gather(*(appender(who) for who in range(32)))
        events = await conv[:]
        assert len(events) == 32 * 8
        for who in range(32):
            assert [event for event in events if event[0] == who] == [[who, number] for number in range(8)]

    with_store(place, work)


def test_the_loop_goes_on_while_a_call_waits_for_the_store(tmp_path: Path) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        inside, leave = threading.Event(), threading.Event()

        def writer() -> None:
            with store.sync.storage.turn():
                inside.set()
                leave.wait(30)

        blocker = threading.Thread(target=writer)
        blocker.start()
        await asyncio.to_thread(inside.wait)
        append = asyncio.create_task(conv.append("waits"))
        ticks = 0
        while ticks < 20:
            await asyncio.sleep(0.005)
            ticks += 1
        assert not append.done()
        assert await conv.count() == 0  # readers do not wait either
        leave.set()
        assert (await append).events == 1
        blocker.join()

    with_store(str(tmp_path / "s"), work)


def test_a_stream_that_is_left_early_reads_no_more_than_a_batch(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        await conv.append_many(range(600))
        seen: list[object] = []
        async for event in conv:
            seen.append(event)
            if len(seen) == 5:
                break
        assert seen == [0, 1, 2, 3, 4]
        stream = conv.log()
        assert (await anext(stream)).events == 600
        await conv.append("while it is open")
        assert (await anext(stream)).events == 599

    with_store(place, work)


def test_closing_waits_for_what_is_under_way_and_refuses_what_comes_after(tmp_path: Path) -> None:
    async def main() -> None:
        store = await objstore.aio.open(tmp_path / "s", create=True)
        assert store.place == str(tmp_path / "s")
        conv = await store.conversations.open("c", create=True)
        under_way = [asyncio.create_task(conv.append(number)) for number in range(40)]
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        outcomes = await asyncio.gather(*under_way)
        assert len(outcomes) == 40
        with pytest.raises(StoreClosed):
            await conv.append("late")
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("objstore_")]

    asyncio.run(main())
    with objstore.open(tmp_path / "s") as store:
        assert sorted(map(str, store.conversations.open("c"))) == sorted(map(str, range(40)))


def test_a_store_that_cannot_be_opened_leaves_no_thread_behind(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(NotAStore):
            await objstore.aio.open(tmp_path)
        with pytest.raises(NotAStore):
            async with objstore.aio.open(tmp_path):
                pass

    before = threading.active_count()
    asyncio.run(main())
    assert threading.active_count() <= before


def test_a_call_that_is_cancelled_while_it_waits_for_a_thread_does_nothing() -> None:
    async def main() -> None:
        threads = Threads("here")
        leave = threading.Event()
        done: list[str] = []
        busy = [asyncio.create_task(threads.run(leave.wait, 30)) for _ in range(THREADS)]
        await asyncio.sleep(0.01)
        waiting = asyncio.create_task(threads.run(done.append, "late"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        leave.set()
        await asyncio.gather(*busy)
        await threads.close(lambda: done.append("closed"))
        assert done == ["closed"]

    started = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - started < 20


def test_a_call_in_turn_that_is_cancelled_keeps_its_turn_until_it_has_ended() -> None:
    async def main() -> None:
        threads = Threads("here")
        turns = InTurn(threads)
        begun, leave = threading.Event(), threading.Event()
        order: list[str] = []

        def first() -> None:
            begun.set()
            leave.wait(30)
            order.append("first")

        cancelled = asyncio.create_task(turns.run(first))
        await threads.run(begun.wait, 30)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        second = asyncio.create_task(turns.run(order.append, "second"))
        await asyncio.sleep(0.02)
        assert order == []
        leave.set()
        await second
        assert order == ["first", "second"]
        await threads.close(lambda: None)

    asyncio.run(main())


def test_a_follower_tells_what_others_append_and_survives_being_cancelled(place: str) -> None:
    async def work(store: AsyncStore) -> None:
        conv = await store.conversations.open("c", create=True)
        await conv.append(0)
        async with await conv.follow(after=0) as news:
            assert (await anext(news))[:2] == (0, 0)
            waiting = asyncio.create_task(anext(news))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await conv.append(1)
            assert (await asyncio.wait_for(anext(news), 10))[:2] == (1, 1)
            await conv.rewind(1)
            moved = await anext(news)
            assert isinstance(moved, HeadMoved)
            assert (moved.how, moved.dropped) == ("rewound", 1)
        many = [await conv.follow() for _ in range(3 * THREADS)]  # more than the store has threads
        waits = [asyncio.create_task(anext(follower)) for follower in many]
        await conv.append(2)
        assert [item[:2] for item in await asyncio.gather(*waits)] == [(1, 2)] * len(many)
        for follower in many:
            await follower.close()
        assert [item async for item in await conv.follow(after=0, timeout=0)] == [
            item async for item in (await conv.at(2)).entries()
        ]

    with_store(place, work)


def test_cloning_pulling_and_pushing_awaited(tmp_path: Path) -> None:
    async def work() -> None:
        async with objstore.aio.open(tmp_path / "a", create=True) as a:
            conv = await a.conversations.create("c1")
            await conv.append("one")
            async with objstore.aio.clone(tmp_path / "a", tmp_path / "b") as b:
                assert [info.name async for info in b.remotes.list()] == ["origin"]
                mine = await b.conversations.open("c1")
                await mine.append("two")
                await b.push("origin", "c1")
                await conv.append("three")
                pulled = await b.pull("origin")
                assert [(ref.name, ref.result) for ref in pulled.refs] == [("conversations/c1", "moved")]
                assert [event async for event in mine] == ["one", "two", "three"]

    asyncio.run(work())


PAIRS: list[tuple[type, type[Face[Any]], set[str]]] = [
    # the synchronous class, its face, and what the face has under another name or does without
    # The last two are set on each instance there; `copies` and `index` are the wiring's.
    (Store, AsyncStore, {"copies", "index", "refs", "remotes"}),
    (Conversation, AsyncConversation, {"track"}),
    (ConversationView, AsyncConversationView, set()),
    (ConversationDraft, AsyncConversationDraft, {"build"}),
    (Metadata, AsyncMetadata, set()),
    (MetadataDraft, AsyncMetadataDraft, set()),
    (Workspace, AsyncWorkspace, {"root"}),
    (FilesView, AsyncFilesView, {"root", "size"}),
    (FilesDraft, AsyncFilesDraft, set()),
    (Settings, AsyncSettings, {"layer", "layer_if_any"}),
    (SettingsCollection, AsyncSettingsCollection, {"heads"}),
    (SettingsView, AsyncSettingsView, {"root", "layer"}),
    (SettingsDraft, AsyncSettingsDraft, set()),
    (Chain, AsyncChain, {"layer"}),
    (SecretKeys, AsyncSecretKeys, set()),
    (Access, AsyncAccess, {"close"}),
    (Signers, AsyncSigners, set()),
    (Tags, AsyncTags, set()),
]


@pytest.mark.parametrize(("sync", "face", "without"), PAIRS, ids=[pair[1].__name__ for pair in PAIRS])
def test_every_public_method_has_its_awaited_twin(sync: type, face: type[Face[Any]], without: set[str]) -> None:
    public = {name for name, _ in inspect.getmembers(sync) if not name.startswith("_")}
    assert public - set(dir(face)) == without
    for name in ("append", "read", "get", "resolve"):
        if hasattr(sync, name):
            assert getattr(face, name).__doc__ == getattr(sync, name).__doc__


def test_importing_objstore_does_not_load_asyncio() -> None:
    code = "import sys, objstore; print('asyncio' in sys.modules, objstore.aio.open.__name__)"
    root = Path(objstore.__file__).parent.parent
    found = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "open_store"]
