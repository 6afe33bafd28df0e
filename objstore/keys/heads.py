"""Heads: how far each ref's log was when it was signed, and one hash over all of them.

A log is a chain, so its newest hash stands for all of it. The heads lie in 256 buckets by a hash of the name; a bucket's
digest covers its heads by name, the root covers the digests of the buckets that hold any. So signing a change costs one
bucket, however many refs there are. Encoding and hashing alone. Bytes: docs/format/signatures.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import Final, NamedTuple

from objstore.objects.hashing import derive_key

BUCKETS: Final = 256
DIGEST_BYTES: Final = 32
NO_HEADS: Final = bytes(DIGEST_BYTES)
"""The digest of a bucket that holds nothing; such buckets are left out of the root."""

_NAME: Final = "objstore 2026-11-24 signed heads: name"
_BUCKET: Final = "objstore 2026-11-24 signed heads: bucket"
_ROOT: Final = "objstore 2026-11-24 signed heads: root"
_FIXED: Final = Struct(">HQqB")


class Head(NamedTuple):
    """A ref's log at a moment: `last` step, the `value` after it (None: deleted), when it `ended` (µs), its `chain`.

    `chain` is the hash of the log's newest entry as it stood. That entry may have been extended since (a run); with
    `value` and `ended` its hash of then can be computed again from what it has become.
    """

    name: str
    last: int
    value: bytes | None
    ended: int
    chain: bytes


def bucket_of(name: str) -> int:
    """The bucket that a ref's head lies in."""
    return derive_key(_NAME, name.encode("utf-8", "surrogatepass"))[0]


def bucket_digest(heads: Iterable[Head]) -> bytes:
    """The digest (32 bytes) of a bucket; the order of `heads` does not matter, a name occurs once."""
    found = sorted((head.name.encode("utf-8", "surrogatepass"), head) for head in heads)
    if not found:
        return NO_HEADS
    return derive_key(_BUCKET, b"".join(_encoded(name, head) for name, head in found))


def root_of(buckets: Mapping[int, bytes]) -> bytes:
    """The hash (32 bytes) over all heads, from the digests of the buckets."""
    return derive_key(_ROOT, encode_buckets(buckets))


def encode_buckets(buckets: Mapping[int, bytes]) -> bytes:
    """The digests of the buckets that hold heads: number and digest each, in order."""
    return b"".join(bytes([number]) + digest for number, digest in sorted(buckets.items()) if digest != NO_HEADS)


def decode_buckets(data: bytes) -> dict[int, bytes]:
    """The reverse; what is no such list gives another root than the one that was signed."""
    size = 1 + DIGEST_BYTES
    return {data[at]: data[at + 1 : at + size] for at in range(0, len(data) - DIGEST_BYTES, size)}


def _encoded(name: bytes, head: Head) -> bytes:
    # Every length is given, so no two lists of heads share their bytes; an absent value has length 0, which none has.
    value = head.value or b""
    return _FIXED.pack(len(name), head.last, head.ended, len(value)) + name + value + head.chain
