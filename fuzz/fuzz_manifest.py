"""Fuzz the decoder of a backup's manifest: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_manifest [ATHERIS OPTIONS] fuzz/corpus/manifest     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects", "objstore.maintenance.backup"):
    from objstore.maintenance.backup.manifest import MANIFEST_MAGIC, decode_manifest, encode_manifest
    from objstore.objects.hashing import Digest

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    _check_one(data)
    # Few inputs get past the hash by chance: put the right one behind, and look at what comes after it.
    head = MANIFEST_MAGIC + data
    digest = Digest()
    digest.update(head)
    _check_one(head + digest.digest())


def _check_one(data: bytes) -> None:
    try:
        manifest = decode_manifest(data)
    except CorruptObject:
        return
    assert encode_manifest(manifest) == data, "a manifest has two encodings"


if __name__ == "__main__":
    run(check, "manifest")
