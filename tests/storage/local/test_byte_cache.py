"""The cache within a bound of bytes: what goes, what stays, and who wins."""

from __future__ import annotations

from objstore.storage.local.byte_cache import ByteCache


def test_the_least_lately_used_goes_first() -> None:
    cache: ByteCache[str, str] = ByteCache(10)
    for key in "abc":
        cache.keep(key, key.upper(), 3)
    assert cache.get("a") == "A"
    cache.keep("d", "D", 3)
    assert [cache.get(key) for key in "abcd"] == ["A", None, "C", "D"]
    assert (len(cache), cache.bytes) == (3, 9)


def test_a_value_larger_than_the_bound_stays_alone_until_the_next_comes() -> None:
    cache: ByteCache[str, int] = ByteCache(10)
    cache.keep("small", 1, 1)
    cache.keep("large", 2, 100)
    assert (cache.get("small"), cache.get("large"), cache.bytes) == (None, 2, 100)
    cache.keep("next", 3, 1)
    assert (cache.get("large"), cache.get("next"), cache.bytes) == (None, 3, 1)


def test_who_kept_first_is_given_to_the_second() -> None:
    cache: ByteCache[str, bytes] = ByteCache(10)
    first, second = bytes([1, 2]), bytes([1, 2])
    assert cache.keep("k", first, 2) is first
    assert cache.keep("k", second, 2) is first
    assert cache.bytes == 2


def test_what_is_forgotten_takes_no_bytes() -> None:
    cache: ByteCache[int, int] = ByteCache(100)
    for key in range(10):
        cache.keep(key, key, 10)
    cache.forget(lambda key: key % 2 == 0)
    assert (len(cache), cache.bytes, cache.get(2), cache.get(3)) == (5, 50, None, 3)
