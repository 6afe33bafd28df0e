"""Where large blobs are cut: FastCDC 2020 (Xia et al., IEEE TPDS 31(9)), by content, so that an insertion moves few cuts.

Chunks are 16 to 128 KiB, mostly just above 32 KiB (normalised chunking 3). A reader never depends on the cuts, but
equal content is shared only when it is cut alike: the cuts are format and pinned by golden files.
A keyed hasher cuts elsewhere, because chunk sizes would tell known content: the gear table is masked by a value
of its cut key. Bytes: docs/format/blobs.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from objstore.objects.hashing import Hasher

if TYPE_CHECKING:
    from pyfastcdc import FastCDC

MIN_CHUNK = 16 << 10
AVERAGE_CHUNK = 32 << 10
MAX_CHUNK = 128 << 10

_KEY_LEVEL = 255  # A level that no tree reaches, so that these hashes say nothing about a tree's cuts.


class Readable(Protocol):
    """Anything with `read(n)`, as a binary file: b"" is the end, short reads are allowed."""

    def read(self, n: int, /) -> bytes:
        """At most `n` bytes, and none at the end only."""
        ...


def cut(data: bytes, hasher: Hasher) -> Iterator[bytes]:
    """The chunks of `data`, in order; joined they are `data`."""
    for chunk in _chunker(hasher).cut_buf(data):
        yield bytes(chunk.data)


def cut_stream(stream: Readable, hasher: Hasher) -> Iterator[bytes]:
    """The chunks of all that `stream` gives: the same as `cut` gives for the same bytes, in bounded memory."""
    for chunk in _chunker(hasher).cut_stream(_Source(stream)):
        yield bytes(chunk.data)


class _Source:
    """A stream with `read` alone, so that the chunker does not find a `readinto` and pass the wrapper by."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, n: int) -> bytes:
        return self._stream.read(n)


def _chunker(hasher: Hasher) -> FastCDC:
    from pyfastcdc import FastCDC  # It takes a third of the time that opening a store does.

    # A new chunker each time: they are not to be shared between threads, and cost a microsecond.
    return FastCDC(
        AVERAGE_CHUNK, min_size=MIN_CHUNK, max_size=MAX_CHUNK, normalized_chunking=3, seed=_chunking_seed(hasher)
    )


@lru_cache(maxsize=64)
def _chunking_seed(hasher: Hasher) -> int:
    """0 for the plain hasher; 63 bits of its cut key for a keyed one, which mask every value of the gear table."""
    if not hasher.domain:
        return 0
    return (hasher.cut(_KEY_LEVEL, b"chunks high") << 31 ^ hasher.cut(_KEY_LEVEL, b"chunks low")) or 1
