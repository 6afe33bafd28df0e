from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import objstore
from objstore.errors import BrokenSeal, CorruptObject, DamagedKey, InvalidValue, MissingKey, UnsafeKeyFolder
from objstore.keys.source import KeyWarning
from objstore.objects.kinds import Kind
from objstore.objects.trees import Entry, get
from objstore.settings.secret import MASK, Secret
from objstore.settings.settings import Settings
from objstore.settings.text.formats import FORMATS

CANARY = "sk-canary-7f3e91"

quiet = pytest.mark.filterwarnings("ignore::objstore.keys.source.KeyWarning")


def sealed_entry(found: Settings, key: str) -> Entry:
    root = found.at("~0").root
    assert root is not None
    entry = get(root, key.encode(), found._repo.nodes)
    assert entry is not None
    return entry


def sealed_bytes(found: Settings, key: str) -> bytes:
    return found._repo.payload(sealed_entry(found, key).oid, Kind.BLOB)


def put_sealed(found: Settings, key: str, data: bytes) -> None:
    """Put bytes of somebody's own where a secret is."""
    with found.commit() as draft:
        draft._put(key, 2, data)


@pytest.mark.parametrize("make", [lambda found: found.get("k"), lambda _: Secret(CANARY, "k")], ids=["stored", "fresh"])
def test_a_secret_is_shown_by_reveal_and_by_nothing_else(
    memory: objstore.Store, make: Callable[[Settings], Secret]
) -> None:
    found = memory.settings.open("s", create=True)
    found.set_secret("k", CANARY)
    secret = make(found)
    assert secret.reveal() == CANARY
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>30}",
        format(secret, "<20"),
        f"{secret} {secret!r}",
    ]
    shown += [repr([secret]), repr({"k": secret}), ascii(secret), str(vars(type(secret)))]
    assert not any(CANARY in text for text in shown)
    assert str(secret) == MASK
    assert f"{secret:>10}" == "  ********"
    for refuse in (pickle.dumps, json.dumps, lambda each: pickle.dumps(each, 0)):
        with pytest.raises(TypeError) as caught:
            refuse(secret)
        assert CANARY not in str(caught.value)
    assert copy.copy(secret) is secret is copy.deepcopy([secret])[0]
    assert not hasattr(secret, "__dict__")


@quiet
def test_equal_secrets_do_not_give_equal_bytes(store: objstore.Store) -> None:
    found = store.settings.open("s", create=True)
    found.set_secret("a", CANARY)
    found.set_secret("b", CANARY)
    first = sealed_bytes(found, "a")
    found.set_secret("a", CANARY)
    assert len({first, sealed_bytes(found, "a"), sealed_bytes(found, "b")}) == 3
    assert len({data[37:61] for data in (first, sealed_bytes(found, "a"), sealed_bytes(found, "b"))}) == 3  # nonces


@quiet
def test_a_secret_survives_the_process_and_a_copy_of_the_store_on_the_same_machine(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "one", create=True) as store:
        store.settings.open("s", create=True).set_secret("k", CANARY)
        store.repack()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for place in ("one", "two"):
        with objstore.open(tmp_path / place) as store:
            assert store.settings.open("s").get("k").reveal() == CANARY
            assert list(store.check()) == []


@quiet
def test_a_copy_on_another_machine_says_which_key_is_missing_and_goes_on_without(tmp_path: Path) -> None:
    with objstore.open(tmp_path / "store", create=True) as store:
        found = store.settings.open("s", create=True)
        found.update({"plain": 1})
        found.set_secret("k", CANARY)
        (key,) = store.keys.find()
    with objstore.open(tmp_path / "store", keys=tmp_path / "elsewhere") as store:
        found = store.settings.open("s")
        assert found.get("plain") == 1
        secret = found.get("k")
        with pytest.raises(MissingKey) as caught:
            secret.reveal()
        assert caught.value.file == str(tmp_path / "elsewhere" / f"{key.name}.key")
        assert caught.value.file in str(caught.value)
        assert store.keys.find() == []
        found.set_secret("mine", "another")  # a key of this machine's own
        assert found.get("mine").reveal() == "another"
    shutil.copy(key.place, tmp_path / "elsewhere")
    with objstore.open(tmp_path / "store", keys=tmp_path / "elsewhere") as store:
        assert [store.settings.open("s").get(each).reveal() for each in ("k", "mine")] == [CANARY, "another"]


def test_the_first_secret_warns_of_the_key_and_the_next_ones_do_not(store: objstore.Store, keys: Path) -> None:
    found = store.settings.open("s", create=True)
    with pytest.warns(KeyWarning, match=str(keys)):
        found.set_secret("a", CANARY)
    found.set_secret("b", CANARY)


@quiet
def test_wrong_permissions_a_truncated_file_and_another_key_are_errors_of_their_own(
    store: objstore.Store, keys: Path, tmp_path: Path
) -> None:
    found = store.settings.open("s", create=True)
    found.set_secret("k", CANARY)
    (path,) = keys.iterdir()
    whole = path.read_bytes()

    def again() -> str:
        with objstore.open(tmp_path / "store") as other:
            return other.settings.open("s").get("k").reveal()

    path.chmod(0o644)
    with pytest.raises(UnsafeKeyFolder, match="chmod 600"):
        again()
    path.chmod(0o600)
    keys.chmod(0o755)
    with pytest.raises(UnsafeKeyFolder, match="chmod 700"):
        again()
    with pytest.raises(UnsafeKeyFolder):
        found.set_secret("k", "new")
    keys.chmod(0o700)
    path.write_bytes(whole[:-20])
    with pytest.raises(DamagedKey, match="cut short"):
        again()
    with objstore.open(tmp_path / "other", create=True) as other:
        other.settings.open("s", create=True).set_secret("k", "x")
        path.write_bytes(Path(other.keys.find()[0].place).read_bytes())
    with pytest.raises(DamagedKey, match="it holds key"):
        again()
    path.write_bytes(whole)
    assert again() == CANARY


def test_a_tampered_or_moved_secret_is_refused_with_its_key(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set_secret("mine", CANARY)
    data = sealed_bytes(found, "mine")
    put_sealed(found, "other", data)
    with pytest.raises(BrokenSeal, match=r"secret other does not open.*another place"):
        found.get("other").reveal()
    put_sealed(found, "mine", data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BrokenSeal, match="secret mine does not open"):
        found.get("mine").reveal()
    put_sealed(found, "mine", data[:40])
    with pytest.raises(CorruptObject):
        found.get("mine").reveal()
    put_sealed(found, "mine", data)
    assert found.get("mine").reveal() == CANARY


def test_a_secret_is_not_made_plain_by_mistake(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    found.set_secret("k", CANARY)
    for use in (lambda: found.set("k", "plain"), lambda: found.update({"other": 1, "k": "plain"})):
        with pytest.raises(InvalidValue, match=r"k is a secret\. Use set_secret, or unset it first"):
            use()
    assert list(found) == ["k"]
    with found.commit() as draft:
        draft.unset("k")
        draft.set("k", "plain")
    assert found.get("k") == "plain"
    with found.commit() as draft:
        draft.set_secret("k", CANARY)
    assert found.get("k").reveal() == CANARY


def test_a_secret_can_be_handed_on_without_being_seen(memory: objstore.Store) -> None:
    one, other = (memory.settings.open(name, create=True) for name in ("one", "other"))
    one.set_secret("k", CANARY)
    other.update({"elsewhere": one.get("k"), "fresh": Secret("new")})
    other.set_secret("third", one.get("k"))
    assert [other.get(key).reveal() for key in ("elsewhere", "fresh", "third")] == [CANARY, "new", CANARY]
    conv = memory.conversations.open("c", create=True)
    with conv.commit() as draft:
        draft.append("event")
        draft.settings.set_secret("k", one.get("k"))
    assert conv.fork("d").settings.get("k").reveal() == CANARY


@pytest.mark.parametrize("value", [5, None, b"x", "\ud800", ["x"]])
def test_what_is_no_text_is_no_secret(memory: objstore.Store, value: Any) -> None:
    found = memory.settings.open("s", create=True)
    with pytest.raises(InvalidValue, match="secret"):
        found.set_secret("k", value)
    assert "k" not in found


def test_a_secret_that_is_too_long_is_refused_and_the_longest_is_kept(memory: objstore.Store) -> None:
    found = memory.settings.open("s", create=True)
    longest = "x" * ((1 << 20) - 256)
    found.set_secret("k", longest)
    assert found.get("k").reveal() == longest
    with pytest.raises(InvalidValue, match="at most"):
        found.set_secret("k", longest + "x")


def everything_written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


@quiet
@pytest.mark.parametrize("packed", [False, True], ids=["journal", "packs"])
def test_the_canary_is_in_no_file_object_log_export_error_or_traceback(
    tmp_path: Path, keys: Path, packed: bool, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    plain = "plain-control-55d1"
    said: list[str] = []
    with objstore.open(tmp_path / "store", create=True) as store:
        found = store.settings.open("s", create=True)
        found.set("plain", plain)
        found.set_secret("k", CANARY)
        conv = store.conversations.open("c", create=True)
        conv.settings.set_secret("k", CANARY)
        store.keys.rotate()
        if packed:
            store.repack()
        said += [repr(found.diff("~2", "~0")), repr(found.values()), repr(found.resolve()), repr(list(found.log()))]
        said += [repr(entry) for ref in store.refs.find() for entry in store.refs.log(ref.name)]
        said += [repr(list(store.operations())), repr(store.diff("c~1", "c")), *map(found.export_text, FORMATS)]
        said += errors_of(found, keys)
        held = [store.storage.read(oid).payload for oid, _, _ in store.storage.objects()]
        control = [payload for payload in held if plain.encode() in payload]
        assert control  # the objects are looked through uncompressed, and what is plain is found there
        assert not any(CANARY.encode() in payload for payload in held)
    files = everything_written(tmp_path)
    assert b"objstore key" in files
    assert CANARY.encode() not in files
    said += [caplog.text, *capsys.readouterr()]
    assert any(plain in text for text in said)
    assert not any(CANARY in text for text in said)


def errors_of(found: Settings, keys: Path) -> list[str]:
    """What errors about a secret say, with every variable of the library's own frames."""

    def fail_to_set() -> None:
        found.set_secret("k", CANARY)

    def fail_to_clash() -> None:
        found.set_secret("k.below", CANARY)

    def fail_in_a_block() -> None:
        with found.commit() as draft:
            draft.set_secret("k2", CANARY)
            draft.unset("nothing")

    said: list[str] = []
    keys.chmod(0o755)
    said.append(traceback_of(fail_to_set))
    keys.chmod(0o700)
    said += [traceback_of(fail_to_clash), traceback_of(fail_in_a_block)]
    return said


def traceback_of(work: Callable[[], None]) -> str:
    try:
        work()
    except objstore.ObjstoreError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown.stack = traceback.StackSummary.from_list([f for f in shown.stack if f.filename != __file__])
        text = "".join(shown.format()) + str(error) + repr(error.args)
        assert "objstore/settings" in text.replace(os.sep, "/")
        assert "    self = <objstore." in text  # variables are shown
        return text
    raise AssertionError("it should have failed")


def test_a_traceback_with_variables_would_show_a_canary_that_is_one() -> None:
    def leak() -> None:
        value = CANARY
        raise objstore.ObjstoreError(len(value))

    try:
        leak()
    except objstore.ObjstoreError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert CANARY in text
