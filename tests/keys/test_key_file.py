from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject
from objstore.keys.domain_key import DomainKey
from objstore.keys.key_file import KeyFile, decode_key_file, encode_key_file
from objstore.keys.private_folder import MAX_FILE_BYTES
from objstore.objects.kinds import Domain
from tests.objects.mutation import Mutation, is_canonical_or_corrupt, mutate, mutations

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/secrets/keys.json").read_text(encoding="utf-8"))
KEY = DomainKey(Domain(b"d" * 16), 3, bytes(range(32)))
FILE = encode_key_file(KeyFile(KEY, "/a/store"))

key_files = st.builds(
    KeyFile,
    key=st.builds(
        DomainKey,
        domain=st.binary(min_size=16, max_size=16).map(Domain),
        epoch=st.integers(1, (1 << 32) - 1),
        root=st.binary(min_size=32, max_size=32),
    ),
    store=st.text(max_size=60),
)


@pytest.mark.parametrize("case", GOLDEN, ids=[str(case["epoch"]) for case in GOLDEN])
def test_key_files_have_the_golden_bytes_and_names(case: dict[str, str | int]) -> None:
    key = DomainKey(Domain(bytes.fromhex(str(case["domain"]))), int(case["epoch"]), bytes.fromhex(str(case["key"])))
    data = str(case["file"]).encode()
    assert encode_key_file(KeyFile(key, str(case["store"]))) == data
    held = decode_key_file(data)
    assert (held.key.root, held.key.name, held.store) == (key.root, key.name, case["store"])
    assert f"{held.key.name}.key" == case["name"]


@settings(deadline=None, max_examples=60)
@given(key_files)
def test_a_key_file_comes_back_as_it_was(held: KeyFile) -> None:
    found = decode_key_file(encode_key_file(held))
    assert (found.key.root, found.key.name, found.store) == (held.key.root, held.key.name, held.store)


@settings(deadline=None, max_examples=120)
@given(key_files, mutations())
def test_damaged_key_files_are_canonical_or_refused(held: KeyFile, changes: list[Mutation]) -> None:
    is_canonical_or_corrupt(mutate(encode_key_file(held), changes), decode_key_file, encode_key_file)


def test_a_key_file_cut_short_anywhere_is_told_to_be_so_and_shows_nothing_of_the_key() -> None:
    for end in range(len(FILE)):
        with pytest.raises(CorruptObject) as caught:
            decode_key_file(FILE[:end])
        assert KEY.root.hex()[:8] not in str(caught.value)
        assert end < 14 or "cut short" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"format 1", b"format 2", "format 1"),
        (b"epoch 3", b"epoch 4", "fingerprint"),
        (b"epoch 3", b"epoch 9999999999", "epoch 9999999999"),
        (b"key 0001", b"key 0101", "fingerprint"),
        (b"domain 6464", b"domain 6465", "fingerprint"),
        (b'"/a/store"', b'"/a/s\\u0074ore"', "canonical"),
        (b'"/a/store"', b'"/a/\\store"', "JSON"),
        (b'"/a/store"', b'"' + b"x" * MAX_FILE_BYTES + b'"', "bytes"),
    ],
)
def test_an_altered_key_file_is_refused(old: bytes, new: bytes, reason: str) -> None:
    assert old in FILE
    with pytest.raises(CorruptObject, match=reason):
        decode_key_file(FILE.replace(old, new))
