"""What searching costs: answering, the index's size, following one append, and whether appending notices.

query       queries of one word, two words, a phrase, a beginning, OR, limits; beside SQLite FTS5 over a plain table
            and a scan of all texts
follow      catching up after one append, and one append with and without an index beside it
tokenizers  bytes of the full text table by tokenizer and detail, on a tenth of the events
"""

from __future__ import annotations

import random
import re
import sqlite3
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import objstore
from objstore.index.text import indexed_text
from tools.bench import corpus, harness, texts
from tools.bench.harness import Report, conclude, interleave, nothing, options, percentile, workspace
from tools.bench.peers import json_bytes

PARTS = ("query", "follow", "tokenizers")
EVENTS = 100_000
QUERIES = 100
LIMIT = 10
UNICODE = "unicode61 remove_diacritics 2"
TABLES = {
    "unicode61, detail=full": f"content='', tokenize='{UNICODE}'",
    "unicode61, detail=column": f"content='', detail=column, tokenize='{UNICODE}'",
    "unicode61, detail=none": f"content='', detail=none, tokenize='{UNICODE}'",
    "unicode61, prefix='2 3'": f"content='', prefix='2 3', tokenize='{UNICODE}'",
    "unicode61, text kept in the table": f"tokenize='{UNICODE}'",
    "trigram, detail=full": "content='', tokenize='trigram'",
    "trigram, detail=none": "content='', detail=none, tokenize='trigram'",
}


def conversations(count: int) -> Iterator[corpus.Conversation]:
    """The corpus up to so many events."""
    for name, events in corpus.conversations(4.0):
        yield corpus.Conversation(name, events[:count])
        count -= len(events)
        if count <= 0:
            return


def queries() -> list[str]:
    """What people might look for: words of sentences and identifiers of sources, in every form of the language."""
    draw = random.Random(3)
    sentences = draw.sample(texts.sentences(), 4 * QUERIES)
    names = [
        name
        for source in texts.sources()
        for name in re.findall(r"[a-z]+_[a-z_]{4,}|[a-z]+[A-Z][A-Za-z]+", "\n".join(source.lines))
    ]
    made: list[str] = []
    for number in range(QUERIES):
        words = re.findall(r"[a-z]{5,}", sentences[number]) or ["error"]
        one, other = draw.choice(words), draw.choice(words)
        begin = draw.randrange(max(1, len(sentences[number].split()) - 2))
        phrase = " ".join(re.findall(r"\w+", " ".join(sentences[number].split()[begin : begin + 3])))
        forms = [
            one,
            f"{one} {other}",
            f'"{phrase}"',
            f"{one[:5]}*",
            f"{one} OR {other}",
            draw.choice(names),
            f"{one} NOT {other}x",
        ]
        made.append(forms[number % len(forms)])
    return made


class PlainTable:
    """SQLite FTS5 as its documentation shows it: a table that keeps the JSON, ranked, with excerpts."""

    def __init__(self, place: Path) -> None:
        self.connection = sqlite3.connect(place, isolation_level=None)
        self.connection.execute("CREATE VIRTUAL TABLE t USING fts5(body)")

    def fill(self, events: list[str]) -> None:
        self.connection.execute("BEGIN")
        self.connection.executemany("INSERT INTO t VALUES (?)", ((event,) for event in events))
        self.connection.execute("COMMIT")

    def search(self, text: str) -> int:
        statement = "SELECT rowid, snippet(t, 0, '[', ']', '…', 24) FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?"
        return len(self.connection.execute(statement, (text, LIMIT)).fetchall())


def scan(bodies: list[str], text: str) -> int:
    """A naive search: the first word of the query in any text."""
    word = re.findall(r"\w+", text)[0].lower()
    found = 0
    for body in bodies:
        if word in body:
            found += 1
            if found == LIMIT:
                break
    return found


def query(report: Report, folder: Path, chosen: Namespace) -> None:
    """Answering, and the size of what it takes."""
    count = max(2000, round(EVENTS * chosen.scale))
    plain, bodies, size = PlainTable(folder / "plain.sqlite"), [], 0
    with objstore.open(folder / "store", create=True) as store:
        for name, events in conversations(count):
            store.conversations.create(name).append_many(events)
            encoded = [json_bytes(event) for event in events]
            size += sum(map(len, encoded))
            plain.fill([text.decode(errors="replace") for text in encoded])
            bodies += [text.decode(errors="replace").lower() for text in encoded]
        store.repack()
        begin = perf_counter()
        caught = store.conversations.catch_up()
        spent = perf_counter() - begin
    report.figure(f"taking up {caught.events:,} events", "JSON a second", size / spent / 1e6, "MB")
    index = harness.folder_bytes(folder / "store" / "cache")
    report.figure("size of the index", "of the JSON", index / size, "", at_most=0.6)
    table = (folder / "plain.sqlite").stat().st_size
    report.figure("size of a plain FTS5 table", "of the JSON", table / size, "")
    asked = queries()
    with objstore.open(folder / "store") as store:
        search = store.conversations.search
        sides: dict[str, Callable[[int], object]] = {
            "objstore": lambda n: search(asked[n % QUERIES], limit=LIMIT),
            "plain FTS5 table": lambda n: plain.search(asked[n % QUERIES]),
        }
        times = interleave(sides, rounds=2 * QUERIES // 10, settle=nothing)
        scans = interleave({"scan": lambda n: scan(bodies, asked[n])}, rounds=2, settle=nothing)["scan"]
        for metric, part in (("p50", 0.5), ("p95", 0.95)):
            own = percentile(times["objstore"], part)
            peer = percentile(times["plain FTS5 table"], part)
            report.figure("a query, plain FTS5 table", metric, peer * 1e3, "ms")
            report.figure("a query, scan of the texts in memory", metric, percentile(scans, part) * 1e3, "ms")
            goal = 20.0 if metric == "p50" else None
            report.figure("a query", metric, own * 1e3, "ms", at_most=goal)
        limits = {
            "role": {"role": "user"},
            "one conversation": {"prefix": "messages-0000"},
            "since": {"since": "2026-06-01"},
        }
        for name, limit in limits.items():
            limited = interleave(
                {name: lambda n, limit=limit: search(asked[n], limit=LIMIT, **limit)}, rounds=10, settle=nothing
            )
            report.figure(f"a query limited by {name}", "p50", percentile(limited[name], 0.5) * 1e3, "ms", at_most=20.0)


def follow(report: Report, folder: Path, chosen: Namespace) -> None:
    """Catching up after one append, and what an append notices of it."""
    events = corpus.two_kilobytes(400)
    with (
        objstore.open(folder / "with", create=True) as searched,
        objstore.open(folder / "without", create=True) as plain,
    ):
        for store in (searched, plain):
            for name, items in conversations(max(1000, round(10_000 * chosen.scale))):
                store.conversations.create(name).append_many(items)
        searched.conversations.catch_up()
        one, other = searched.conversations.create("c"), plain.conversations.create("c")
        caught: list[float] = []

        def append(number: int) -> None:
            one.append(events[number % 400])

        def catch_up(_: int) -> None:
            searched.conversations.catch_up()

        for number in range(200):
            append(number)
            other.append(events[number])
            begin = perf_counter()
            catch_up(number)
            caught.append(perf_counter() - begin)
        report.figure("catching up after one append", "p50", percentile(caught, 0.5) * 1e3, "ms", at_most=5.0)
        report.figure("catching up after one append", "p99", percentile(caught, 0.99) * 1e3, "ms")
        sides = {"beside an index": append, "without": lambda n: other.append(events[n % 400])}
        times = interleave(sides, rounds=40)
        base = percentile(times["without"], 0.5)
        value = percentile(times["beside an index"], 0.5)
        report.figure("one append, no index", "p50", base * 1e6, "µs")
        ratio = value / base
        report.figure("one append beside an index", "p50", value * 1e6, "µs", peer="no index", ratio=ratio, at_most=1.1)


def tokenizers(report: Report, folder: Path, chosen: Namespace) -> None:
    """The full text table alone, made in several ways out of the same texts."""
    events = [event for _, items in conversations(max(1000, round(EVENTS * chosen.scale / 10))) for event in items]
    size = sum(len(json_bytes(event)) for event in events)
    bodies = [indexed_text(event) for event in events]
    for name, made in TABLES.items():
        place = folder / f"{re.sub('[^a-z0-9]+', '-', name)}.sqlite"
        connection = sqlite3.connect(place, isolation_level=None)
        connection.execute(f"CREATE VIRTUAL TABLE t USING fts5(body, parts, {made})")
        begin = perf_counter()
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO t (rowid, body, parts) VALUES (?, ?, ?)", ((n, *b) for n, b in enumerate(bodies, 1))
        )
        connection.execute("COMMIT")
        spent = perf_counter() - begin
        connection.close()
        report.figure(f"table, {name}", "of the JSON", place.stat().st_size / size, "")
        report.figure(f"table, {name}", "JSON a second", size / spent / 1e6, "MB")


def main() -> int:
    """Measure and print."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("search", folder)
        for part in chosen.parts:
            place = folder / part
            place.mkdir()
            {"query": query, "follow": follow, "tokenizers": tokenizers}[part](report, place, chosen)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
