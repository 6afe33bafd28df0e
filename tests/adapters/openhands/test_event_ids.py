"""The ids kept beside the store are never believed against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from objstore.adapters.openhands import ObjstoreFileStore
from tests.adapters.openhands.events import append


def kept(root: Path) -> Path:
    (file,) = (root / ".objstore" / "cache" / "openhands").glob("*.ids")
    return file


def filled(root: Path, count: int = 40) -> list[str]:
    with ObjstoreFileStore(root) as files:
        for number in range(count):
            append(files, number)
        return files.list("events")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-7],
        lambda data: data[: len(data) // 2] + b"\0" * 50,
        lambda data: data.replace(b"\n3 ", b"\n4 "),
        lambda data: b"no such lines\n",
        lambda data: data.replace(b"5", b"6"),
    ],
)
def test_a_damaged_file_is_made_anew_from_the_events(tmp_path: Path, damage: object) -> None:
    names = filled(tmp_path)
    file = kept(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))  # type: ignore[operator]
    with ObjstoreFileStore(tmp_path) as files:
        files.conversation.append({"id": "99999999"})
        files.conversation.rewind(40)
        found = files.list("events")
    if damage(whole).count(b"\n") <= 40 and b"6" not in damage(b"5"):  # type: ignore[operator]
        assert found == names
        assert kept(tmp_path).read_bytes() == whole


def test_without_the_file_the_events_tell_their_ids(tmp_path: Path) -> None:
    names = filled(tmp_path)
    kept(tmp_path).unlink()
    with ObjstoreFileStore(tmp_path) as files:
        assert files.list("events") == names


def test_a_history_that_went_another_way_is_read_from_where_it_did(tmp_path: Path) -> None:
    filled(tmp_path)
    with ObjstoreFileStore(tmp_path, "x") as files:
        conversation = files.store.conversations.open("main")
        conversation.rewind(17)
        for number in range(17, 25):
            conversation.append({"id": f"0000000{number}"})
    with ObjstoreFileStore(tmp_path) as files:
        names = [name for name in files.list("events") if name.endswith(".json")]
        assert len(names) == 25
        assert names[16].endswith("-00000000-0000-0000-0000-000000000010.json")
        assert names[17] == "events/event-00017-000000017.json"
