from __future__ import annotations

import mmap
import random
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objstore.errors import CorruptObject
from objstore.packs.pack_index import ENTRY_SIZE, INDEX_MAGIC, PackIndex, encode_index, fan_out_bits

PACK_ID = bytes(range(16))
Entries = list[tuple[bytes, int, int]]


def entries(count: int, seed: int = 1) -> Entries:
    draw = random.Random(seed)
    return [(draw.randbytes(32), number // 7, number % 7) for number in range(count)]


def by_prefix(given_entries: Entries) -> dict[bytes, list[tuple[int, int]]]:
    found: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for oid, frame, record in given_entries:
        found[oid[:8]].append((frame, record))
    return {prefix: sorted(places) for prefix, places in found.items()}


SMALL = encode_index(PACK_ID, entries(40))


@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 33, 500, 5000])
def test_every_object_is_found_at_its_place_and_no_other(count: int) -> None:
    all_entries = entries(count)
    index = PackIndex(encode_index(PACK_ID, all_entries), PACK_ID)
    index.check()
    assert len(index) == count
    for oid, frame, record in all_entries:
        assert index.find(oid) == ((frame, record),)
    for oid, _, _ in entries(300, seed=2):
        assert index.find(oid) == ()
    assert list(index) == sorted((oid[:8], frame, record) for oid, frame, record in all_entries)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"\x00" * 8, b"\x00" * 7 + b"\x01", b"\xff" * 8, b"\x00\x00\x00\x01" * 2, b"collides"]),
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        unique=True,
    )
)
def test_ids_that_share_eight_bytes_are_all_candidates(places: Entries) -> None:
    given_entries = [(prefix + bytes([frame, record]) * 12, frame, record) for prefix, frame, record in places]
    index = PackIndex(encode_index(PACK_ID, given_entries), PACK_ID)
    index.check()
    expected = by_prefix(given_entries)
    for prefix in (b"\x00" * 8, b"\x00" * 7 + b"\x01", b"\xff" * 8, b"\x00\x00\x00\x01" * 2, b"collides", b"nowhere!"):
        assert list(index.find(prefix + bytes(24))) == expected.get(prefix, [])


def test_bytes_across_fields_or_entries_are_no_match() -> None:
    first = (b"\x41" * 6 + b"\x42\x43" + bytes(24), 0x44454647, 0x4849)
    second = (b"\x4a" * 8 + bytes(24), 0x4B4B4B4B, 0x4C4C)
    index = PackIndex(encode_index(PACK_ID, [first, second]), PACK_ID)
    inside = b"\x42\x43\x44\x45\x46\x47\x48\x49"
    across = b"\x46\x47\x48\x49" + b"\x4a" * 4
    assert index.find(inside) == ()
    assert index.find(across) == ()
    hit = (inside + bytes(24), 5, 6)
    again = PackIndex(encode_index(PACK_ID, [first, second, hit]), PACK_ID)
    assert again.find(inside) == ((5, 6),)
    assert again.find(first[0]) == ((0x44454647, 0x4849),)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=10), st.booleans(), st.integers(0, 39))
def test_a_prefix_finds_what_begins_with_it(prefix: bytes, odd: bool, pick: int) -> None:
    all_entries = entries(40)
    index = PackIndex(SMALL, PACK_ID)
    for wanted in (prefix, all_entries[pick][0][: len(prefix)]):
        digits = wanted.hex()[: max(0, 2 * len(wanted) - odd)][:16]
        expected = sorted((oid[:8], f, r) for oid, f, r in all_entries if oid[:8].hex().startswith(digits))
        if not wanted or 2 * len(wanted) - odd <= 16:
            assert list(index.find_prefix(wanted, odd)) == expected


def test_a_prefix_longer_than_eight_bytes_finds_by_its_first_eight() -> None:
    oid, frame, record = entries(40)[3]
    for length in (8, 9, 32):
        for odd in (False, True):
            found = list(PackIndex(SMALL, PACK_ID).find_prefix(oid[:length], odd))
            assert found == [(oid[:8], frame, record)]


def test_the_order_of_entries_does_not_matter() -> None:
    shuffled = entries(40)
    random.Random(3).shuffle(shuffled)
    assert encode_index(PACK_ID, iter(shuffled)) == SMALL


def test_a_bucket_holds_about_sixteen_entries() -> None:
    for count in (1, 100, 5000, 1_000_000):
        assert count / (1 << fan_out_bits(count)) <= 16
    assert 1_000_000 / (1 << fan_out_bits(1_000_000)) > 8


def test_an_index_may_be_a_memory_map(tmp_path: Path) -> None:
    path = tmp_path / "p.index"
    path.write_bytes(SMALL)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        index = PackIndex(mapped, PACK_ID)
        index.check([7] * 5 + [5])
        oid, frame, record = entries(40)[20]
        assert index.find(oid) == ((frame, record),)
        assert len(list(index.find_prefix(b""))) == 40


def test_another_packs_index_is_refused() -> None:
    with pytest.raises(CorruptObject, match="an index of pack"):
        PackIndex(SMALL, bytes(16))


def test_every_flipped_byte_and_every_truncation_is_found() -> None:
    for at in range(len(SMALL)):
        for flip in (1, 0x80):
            with pytest.raises(CorruptObject):
                PackIndex(SMALL[:at] + bytes([SMALL[at] ^ flip]) + SMALL[at + 1 :], PACK_ID).check()
        with pytest.raises(CorruptObject):
            PackIndex(SMALL[:at], PACK_ID)
    with pytest.raises(CorruptObject):
        PackIndex(SMALL + b"\x00", PACK_ID)


def test_an_id_that_was_cut_short_is_nowhere() -> None:
    index = PackIndex(SMALL, PACK_ID)
    whole = entries(40)[0][0]
    assert [index.find(whole[:size]) for size in (0, 4, 7)] == [(), (), ()]


def use(index: PackIndex) -> None:
    """Every way of reading; only CorruptObject may come of it."""
    for oid, _, _ in entries(40):
        with suppress(CorruptObject):
            index.find(oid)
    assert len(list(index)) == len(index)
    assert len(list(index.find_prefix(b""))) <= len(index)
    with suppress(CorruptObject):
        index.check()


def test_a_damaged_index_is_used_within_bounds() -> None:
    for at in range(len(SMALL)):
        for flip in (1, 0x80, 0xFF):
            with suppress(CorruptObject):
                use(PackIndex(SMALL[:at] + bytes([SMALL[at] ^ flip]) + SMALL[at + 1 :], PACK_ID))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 255), st.integers(0, 40))
def test_any_bytes_are_an_index_within_bounds_or_refused(data: bytes, bits: int, count: int) -> None:
    head = INDEX_MAGIC + b"\x01\x00" + bytes([bits, 0]) + count.to_bytes(4, "little") + PACK_ID
    for candidate in (data, head + data):
        with suppress(CorruptObject):
            use(PackIndex(candidate, PACK_ID))


def test_a_place_that_the_pack_has_not_or_has_twice_is_found() -> None:
    index = PackIndex(SMALL, PACK_ID)
    index.check([7, 7, 7, 7, 7, 5])
    for records in ([7, 7, 7, 7, 7], [7, 7, 7, 7, 7, 4], [7, 7, 7, 7, 7, 6], []):
        with pytest.raises(CorruptObject):
            index.check(records)
    draw = random.Random(8)
    twice = encode_index(PACK_ID, [(draw.randbytes(32), 0, 0), (draw.randbytes(32), 0, 0)])
    with pytest.raises(CorruptObject):
        PackIndex(twice, PACK_ID).check([2])


def test_entries_that_no_index_can_hold_are_refused() -> None:
    oid = bytes(32)
    for bad in (
        [(oid, 1, 1), (oid, 1, 1)],
        [(oid, 1 << 32, 0)],
        [(oid, 0, 1 << 16)],
        [(oid, -1, 0)],
        [(b"short", 0, 0)],
    ):
        with pytest.raises(ValueError, match=r"twice|bounds|shorter"):
            encode_index(PACK_ID, bad)


def test_an_entry_takes_fourteen_bytes() -> None:
    size = len(encode_index(PACK_ID, entries(4096)))
    assert size < 4096 * (ENTRY_SIZE + 0.6)
