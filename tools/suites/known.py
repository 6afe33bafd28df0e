"""Tests of OpenHands' SDK that fail with our file store in place of theirs, by name, each with its reason."""

_CACHE_KEYS = "looks into LocalFileStore's own cache for absolute paths; ours is asked by the path below the root"

FAILURES = {
    "tests/sdk/io/test_filestore_cache.py::test_cache_basic_functionality": _CACHE_KEYS,
    "tests/sdk/io/test_filestore_cache.py::test_cache_directory_deletion": _CACHE_KEYS,
    "tests/sdk/io/test_filestore_cache.py::test_cache_invalidation_on_delete": _CACHE_KEYS,
    "tests/sdk/io/test_filestore_cache.py::test_cache_lru_eviction": _CACHE_KEYS,
}
