"""`objstore import`."""

from __future__ import annotations

from pathlib import Path

from objstore.importers import SAMPLES
from tests.cli.calls import Calls

DATA = Path(__file__).parents[1] / "importers" / "data"


def test_a_history_is_imported_once(call: Calls) -> None:
    sample = str(SAMPLES / "humanevalfix-python-0.traj")
    assert call.json("import", sample) == [{"name": "humanevalfix-python-0", "added": 6, "total": 6, "diverged": None}]
    assert call("import", sample) == "humanevalfix-python-0: 0 events added, 6 in all\n"


def test_the_samples_come_along(call: Calls) -> None:
    text = call("import", "--samples", "--prefix", "try/")
    assert text.splitlines()[-1] == (
        "9 conversations, 110 events added. Next: objstore log try/function_calling_simple"
    )
    assert len(call.json("conversations", "list", "try/")) == 9
    assert "0 events added" in call("import", "--samples", "--prefix", "try/").splitlines()[-1]


def test_every_kind_of_history_in_a_folder_is_found(call: Calls) -> None:
    found = call.json("import", str(DATA))
    assert {line.get("diverged") for line in found if "name" in line} == {None}
    assert all(
        set(line) in ({"name", "added", "total", "diverged"}, {"skipped", "reason", "damaged"}) for line in found
    )
    assert len([line for line in found if "name" in line]) == len(call.json("conversations"))


def test_what_cannot_be_read_is_named_and_the_rest_comes_in(call: Calls) -> None:
    (call.folder / "bad.jsonl").write_text('{"role": "user", "n": 1}\n{"role": "user", "n": NaN}\n')
    (call.folder / "good.jsonl").write_text('{"role": "user"}\n')
    text = call("import", ".", code=1)
    assert "line 2" in text
    assert "NaN" in text
    assert [line["name"] for line in call.json("conversations")] == ["good"]
    assert any("error" in line for line in map(dict, _json(call, "import", "bad.jsonl")))


def _json(call: Calls, *words: str) -> list[dict[str, object]]:
    import json

    return [json.loads(line) for line in call(*words, "--json", code=1).splitlines()]


def test_a_history_that_differs_is_refused_with_the_first_difference(call: Calls) -> None:
    path = call.folder / "h.jsonl"
    path.write_text('{"role": "user", "n": 1}\n{"role": "user", "n": 2}\n')
    call("import", "h.jsonl")
    path.write_text('{"role": "user", "n": 1}\n{"role": "user", "n": 3}\n')
    assert "event 1 differs" in call("import", "h.jsonl", code=1)
    assert [line["value"]["n"] for line in call.json("show", "h")] == [1, 2]


def test_where_there_is_no_history_it_says_so(call: Calls) -> None:
    (call.folder / "empty").mkdir()
    assert "there is no history in empty" in call("import", "empty", code=1)
