"""The command gc."""

from __future__ import annotations

from tests.cli.calls import Calls


def test_gc_deletes_what_only_an_expired_log_named(call: Calls) -> None:
    call.chat("c", "one", "two")
    lost = call.json("log", "c")[0]["id"]
    call("rewind", "c", "#1")
    [kept] = call.json("why", lost)
    assert kept["by"].startswith("the log of conversations/c")
    assert "0 objects deleted" in call("gc")
    [counted] = call.json("gc", "--dry-run")
    assert counted["deleted"] == 0
    assert counted["dry_run"]
    [told] = call.json("gc", "--dry-run", "--expire-reflog", "0s")
    [done] = call.json("gc", "--expire-reflog", "0s")
    assert done["deleted"] == told["deleted"] == 2
    assert done["expired"] == told["expired"] > 0
    call("why", lost, code=3)
    assert "nothing to undo" in call("undo", "c", code=1)
    assert "sound" in call("doctor")


def test_a_tag_keeps_what_it_names_whatever_expires(call: Calls) -> None:
    call.chat("c", "one", "two")
    call("tag", "good", "c#2")
    call("rewind", "c", "#1")
    [done] = call.json("gc", "--expire-reflog", "0s")
    assert done["deleted"] == 0


def test_wrong_ages_are_refused(call: Calls) -> None:
    call("gc", "--expire-reflog", "long", code=2)
