"""`init`, `operations`, `tag`, `repack`, `stats`, `doctor`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.calls import Calls


def test_init_makes_a_store_once(call: Calls) -> None:
    place = call.folder / "other"
    assert call.json("init", "--store", str(place)) == [{"store": str(place), "made": True, "encrypted": False}]
    assert call.json("init", "--store", str(place)) == [{"store": str(place), "made": False, "encrypted": False}]
    assert "There is a store" in call("init", "--store", str(place))


def test_operations_tell_every_change_newest_first(call: Calls) -> None:
    call.chat("c", "one")
    call("tag", "v1", "c")
    found = call.json("operations")
    assert [line["why"] for line in found] == ["tag", "commit", "create"]
    assert all(set(line) == {"operation", "ref", "why", "who", "time"} for line in found)
    assert {line["who"] for line in found} == {"ada"}
    assert call.json("operations", "-n", "1") == found[:1]
    assert call("operations").splitlines()[0].endswith("tags/v1")


def test_a_tag_is_made_listed_found_and_deleted(call: Calls) -> None:
    call.chat("c", "one", "two")
    (made,) = call.json("tag", "v1", "c#1", "-m", "the first")
    assert set(made) == {"name", "commit"}
    (listed,) = call.json("tag")
    assert set(listed) == {"name", "commit", "author", "time", "message"}
    assert (listed["message"], listed["commit"]) == ("the first", made["commit"])
    assert len(call.json("show", "tags/v1")) == 1
    assert "exists" in call("tag", "v1", "c", code=4)
    call(*call("tag", "--delete", "v1").strip().rpartition("objstore ")[2].split())
    assert len(call.json("tag")) == 1


def test_repack_tells_what_it_packed_and_reads_the_same(call: Calls) -> None:
    call.chat("c", *(f"number {n} " * 20 for n in range(200)))
    before = call("show", "c", "--json")
    (done,) = call.json("repack")
    assert set(done) >= {"objects", "before", "after"}
    assert done["objects"] >= 400
    assert done["after"] < done["before"]
    assert call("show", "c", "--json") == before
    assert call("repack").startswith("0 objects packed")


def test_stats_count_what_there_is(call: Calls) -> None:
    call.chat("c", "one", "two")
    call("fork", "c", "d")
    call("files", "write", "ws", "f", "--create", stdin="x" * 1000)
    (found,) = call.json("stats")
    assert (found["conversations"], found["workspaces"], found["events"], found["tags"]) == (2, 1, 4, 0)
    assert found["stored"] > found["payload"] > 1000
    assert f"{found['stored']:,}  bytes on disk" in call("stats")


def test_doctor_finds_nothing_where_nothing_is_wrong(call: Calls) -> None:
    call.chat("c", "one")
    (found,) = call.json("doctor")
    assert (found["damage"], found["refs"], found["commits"]) == (0, 1, 2)
    assert "sound" in call("doctor")


def test_doctor_names_what_is_damaged_once_and_ends_with_its_code(call: Calls) -> None:
    call("conversations", "append", "c", "--create", stdin='"plain-text-one"\n"plain-text-two"\n')
    journal = next(Path(call.store).glob("journal-*.sqlite"))
    data = bytearray(journal.read_bytes())
    data[data.index(b"plain-text-two")] ^= 1
    journal.write_bytes(data)
    text = call("doctor", code=5)
    assert "c#2" in text
    assert "Run: objstore doctor" not in text
    assert [line for line in text.splitlines() if "c#2" in line] == [text.splitlines()[0]]
    assert "1 finding in 3 commits" in text


def test_why_shows_what_keeps_an_object_and_the_way(call: Calls) -> None:
    call.chat("c", *map(str, range(30)))
    first, last = (call.json("log", "c")[at]["id"] for at in (-1, 0))
    said = call("why", first)
    assert said.startswith("conversations/c\n")
    assert first[:12] in said
    call("rewind", "c", "#1")
    [kept] = call.json("why", last)
    assert kept["kept"]
    assert kept["by"].startswith("the log of conversations/c")
    assert kept["path"][-1]["oid"].startswith(last)
    call("why", "xyz", code=2)
    call("why", "0" * 64, code=3)
