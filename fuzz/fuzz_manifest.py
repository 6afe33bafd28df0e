"""Fuzz the decoder of a backup's manifest: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_manifest [ATHERIS OPTIONS] fuzz/corpus/manifest     (without atheris: the corpus alone)
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with (
    nullcontext()
    if atheris is None
    else atheris.instrument_imports(include=["objstore.objects", "objstore.maintenance.backup"])
):
    from objstore.maintenance.backup.manifest import MANIFEST_MAGIC, decode_manifest, encode_manifest
    from objstore.objects.hashing import Digest

from objstore.errors import CorruptObject

CORPUS = Path(__file__).resolve().parent / "corpus" / "manifest"


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


def main(argv: list[str]) -> None:
    """Run atheris with its own options, or the corpus where atheris is not installed."""
    if atheris is None:
        for file in sorted(CORPUS.iterdir()):
            check(file.read_bytes())
        return
    atheris.Setup(argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
