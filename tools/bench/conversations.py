"""What it costs to find, fork, rewind and follow conversations.

list      the first page of 50 among 100,000, by name, newest first and by tag, out of the journal and out of packs,
          each in a fresh process, beside a table of sessions in SQLite and a folder of JSON files
fork      fork and rewind in a conversation of a million events
follow    from the append in one process to the event in another, and what waiting costs
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from argparse import Namespace
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time

import objstore
from objstore.conversations.draft import event_object
from objstore.conversations.metadata import MetadataDraft
from objstore.objects.kinds import Object
from objstore.repository.about import NOTHING
from objstore.repository.growth import Growth, Tip
from objstore.repository.repository import Repository
from objstore.settings.draft import SettingsDraft
from refs.edits import ABSENT, Note, RefEdit
from tools.bench.harness import (
    Report,
    conclude,
    end_child,
    in_child,
    median,
    options,
    percentile,
    start_child,
    workspace,
)

PARTS = ("list", "fork", "follow")
PAGE = 50
ROUNDS = 5
VIEWS = {"by name": {}, "newest first": {"newest": True}, "by a rare tag, newest": {"newest": True, "tag": "t7"}}


def facts(number: int) -> tuple[str, str, list[str]]:
    """Name, title and tags of a conversation."""
    return (
        f"s{number * 7919 % 1_000_003:07}",
        f"Ferry times and other questions, part {number}",
        [f"t{number % 997}", "chat"],
    )


def one(repo: Repository, number: int, objects: list[Object]) -> RefEdit:
    """A conversation of one event with a title and tags; its objects are added."""
    name, title, tags = facts(number)
    settings = SettingsDraft(repo)
    draft = MetadataDraft(repo, settings, NOTHING)
    draft.update({"title": title, "tags": tags})
    growth = Growth(repo, Tip())
    root = settings.tree.apply_to(None, growth.objects.append)
    event = event_object(repo, {"role": "user", "content": f"question {number}"})
    growth.add(event, files=None, settings=root, time=repo.now())
    objects += [*settings.objects, *growth.objects]
    return RefEdit(f"conversations/{name}", growth.oid, ABSENT)


def fill(place: str, count: int) -> None:
    """Make the store, a transaction each as users make them; only while filling it none is flushed."""
    with objstore.open(place, create=True) as store:
        repo = store.conversations._repo
        store.storage._writer._ready().execute("PRAGMA synchronous = OFF")
        for number in range(count):
            objects: list[Object] = []
            edit = one(repo, number, objects)
            store.storage.apply(objects, [edit], Note("bench", f"fill {number}", repo.now()))


def page(place: str, view: str) -> float:
    """Seconds of the first page, in this process, which has read nothing else of the store."""
    with objstore.open(place) as store:
        begin = perf_counter()
        found = list(store.conversations.find(limit=PAGE, **VIEWS[view]))
        spent = perf_counter() - begin
        assert len(found) == PAGE
        return spent


def repacked(place: str) -> None:
    """Move everything into packs."""
    with objstore.open(place) as store:
        store.repack()


def fill_peers(place: str, count: int) -> None:
    """The same facts in a table and in a folder of files."""
    folder = Path(place)
    (folder / "files").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "sessions.db")) as base:
        base.execute("CREATE TABLE sessions (name TEXT PRIMARY KEY, title TEXT, changed INTEGER, tags TEXT)")
        base.execute("CREATE INDEX newest ON sessions (changed DESC)")
        for number in range(count):
            name, title, tags = facts(number)
            base.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (name, title, number, json.dumps(tags)))
            (folder / "files" / f"{name}.json").write_text(json.dumps({"title": title, "tags": tags}))
        base.commit()


def peer_page(place: str, peer: str) -> float:
    """Seconds of a peer's first page, newest first."""
    folder = Path(place)
    begin = perf_counter()
    if peer == "table in SQLite":
        with closing(sqlite3.connect(folder / "sessions.db")) as base:
            found = base.execute("SELECT * FROM sessions ORDER BY changed DESC LIMIT ?", (PAGE,)).fetchall()
    else:
        entries = sorted(os.scandir(folder / "files"), key=lambda entry: -entry.stat().st_mtime)[:PAGE]
        found = [json.loads(Path(entry.path).read_bytes()) for entry in entries]
    assert len(found) == PAGE
    return perf_counter() - begin


def listing(report: Report, folder: Path, chosen: Namespace) -> None:
    """The part `list`."""
    count, place, beside = (
        max(10 * PAGE * 997 // 50, round(100_000 * chosen.scale)),
        str(folder / "s"),
        str(folder / "peers"),
    )
    in_child(fill, place=place, count=count)
    in_child(fill_peers, place=beside, count=count)
    peers: dict[str, float] = {}
    for peer in ("table in SQLite", "folder of JSON files"):
        peers[peer] = median([in_child(peer_page, place=beside, peer=peer).value for _ in range(ROUNDS)])
        report.figure(f"first page of {count:,}, {peer}", "wall", peers[peer] * 1e3, "ms")
    first = in_child(page, place=place, view="newest first")
    report.figure(f"catalogue of {count:,}, made once", "wall", first.value, "s")
    for where in ("journal", "packs"):
        if where == "packs":
            in_child(repacked, place=place)
        for view in VIEWS:
            value = median([in_child(page, place=place, view=view).value for _ in range(ROUNDS)])
            name = f"first page of {count:,}, {view}, {where}"
            report.figure(name, "wall", value * 1e3, "ms", at_most=10)
    files = peers["folder of JSON files"]
    report.figure(
        "first page, newest first, packs", "ratio", value * 1e3, "ms", peer="folder of JSON files", ratio=value / files
    )


def forks(place: str, events: int) -> dict[str, float]:
    """CPU seconds of a fork and of a rewind, each at another event."""
    with objstore.open(place, create=True) as store:
        conv = store.conversations.create("c")
        for start in range(0, events, 4096):
            conv.append_many(range(start, min(start + 4096, events)))
        places = [number * 7919 % events for number in range(1, 201)]
        begin = process_time()
        for number, at in enumerate(places):
            conv.fork(f"f{number}", at=at)
        forked = process_time() - begin
        begin = process_time()
        for at in places:
            conv.rewind(at)
            conv.undo()
        moved = process_time() - begin
        return {"fork": forked / len(places), "rewind": moved / (2 * len(places))}


def forking(report: Report, folder: Path, chosen: Namespace) -> None:
    """The part `fork`."""
    events = max(5000, round(1_000_000 * chosen.scale))
    spent = in_child(forks, place=str(folder / "f"), events=events).value
    for verb, value in spent.items():
        report.figure(f"{verb} at {events:,} events", "CPU", value * 1e3, "ms", at_most=1)


def wait(place: str, count: int) -> list[float]:
    """Seconds from the time in each event to its arrival here."""
    with objstore.open(place) as store, store.conversations.open("c").follow(after=0, timeout=20) as news:
        (Path(place).parent / "ready").touch()
        return [time.time() - item.value for _, item in zip(range(count), news, strict=False)]


def idle(place: str, seconds: float) -> float:
    """CPU seconds of waiting for nothing."""
    with objstore.open(place) as store:
        conv = store.conversations.open("c")
        begin = process_time()
        assert list(conv.follow(timeout=seconds)) == []
        return process_time() - begin


def following(report: Report, folder: Path, chosen: Namespace) -> None:
    """The part `follow`."""
    place, count = str(folder / "w"), max(20, round(200 * chosen.scale))
    with objstore.open(place, create=True) as store:
        conv = store.conversations.create("c")
        with start_child(wait, place=place, count=count) as child:
            while not (folder / "ready").exists():
                time.sleep(0.01)
            for number in range(count):
                time.sleep(0.005 * (number % 5))
                conv.append(time.time())
            times = end_child(child).value
    for metric, part in (("p50", 0.5), ("p99", 0.99)):
        report.figure("append to arrival in another process", metric, percentile(times, part) * 1e3, "ms")
    seconds = 10.0
    report.figure(
        "a follower that waits",
        "CPU of a core",
        in_child(idle, place=place, seconds=seconds).value / seconds * 100,
        "%",
    )


def main() -> int:
    """Run the chosen parts."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("conversations", folder)
        for name, part in (("list", listing), ("fork", forking), ("follow", following)):
            if name in chosen.parts:
                part(report, folder, chosen)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
