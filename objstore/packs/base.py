"""Bases: text that comes back throughout a run of frames, stored once in front of them.

An agent views a file again after an edit; in another frame, that is new text. A base holds the lines that come in
several objects of a conversation, and its frames are compressed against it: as small as frames of four times their
size, and as quick to read as before once the base is in memory. A base is a frame without records. It repeats what
is in objects: who removes an object for good removes the bases beside it too. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from objstore.errors import CorruptObject
from objstore.objects.kinds import PLAIN, Domain
from objstore.packs.compression import LEVEL, Compression
from objstore.packs.frame_header import (
    CODEC_RAW,
    CODEC_SEALED,
    CODEC_ZSTD,
    HEADER_SIZE,
    MAX_BASE,
    Header,
    check_frame,
    seal,
)

BASE_LIMIT = 128 << 10
"""Bytes of a base unless the caller asks for another limit."""

_SHORTEST = 6  # Bytes; a shorter line is no match worth having.
_SMALLEST = 1 << 10  # Bytes; a smaller base does not pay for its frame.


class Base(NamedTuple):
    """A base and how many frames before the one to be written it stands, from 1."""

    text: bytes
    distance: int


def shared_text(payloads: Iterable[bytes], limit: int = BASE_LIMIT) -> bytes:
    """The lines that come in two payloads or more, in the order of their first coming, once each; empty if they are few.

    A line ends behind a newline, or behind one escaped as in JSON within JSON. Over `limit` bytes the most frequent
    are taken.
    """
    counts: Counter[bytes] = Counter()
    for payload in payloads:
        marked = payload.replace(b"\\n", b"\\n\0").replace(b"\n", b"\n\0")
        counts.update(dict.fromkeys(marked.split(b"\0")).keys())
    shared = [line for line, count in counts.items() if count > 1 and len(line) >= _SHORTEST]
    if sum(map(len, shared)) > limit:
        kept: set[bytes] = set()
        size = 0
        for line in sorted(shared, key=counts.__getitem__, reverse=True):
            size += len(line)
            if size > limit:
                break
            kept.add(line)
        shared = [line for line in shared if line in kept]
    text = b"".join(shared)
    return text if len(text) >= _SMALLEST else b""


def encode_base(text: bytes, compression: Compression, *, domain: Domain = PLAIN, level: int = LEVEL) -> bytes:
    """The frame of a base. ValueError: more than 1 MiB of text, or none."""
    if not 0 < len(text) <= MAX_BASE:
        raise ValueError(f"a base of {len(text)} bytes; it has 1 to {MAX_BASE}")
    codec, dictionary = CODEC_ZSTD, compression.current
    packed = compression.compress(text, level, dictionary)
    if len(packed) >= len(text):
        codec, dictionary, packed = CODEC_RAW, 0, text
    return compression.stored(seal(Header(codec, 0, 0, len(packed), len(text), dictionary, 0, domain), b"", packed))


def decode_base(data: bytes | memoryview, domain: Domain, compression: Compression) -> bytes:
    """The text of a base. CorruptObject: damaged, of another key domain, or no base."""
    data = compression.opened(data)
    header = check_frame(data)
    if header.records or header.domain != domain or header.codec == CODEC_SEALED:
        raise CorruptObject(None, "no base of this key domain")
    return unpack(header, data[HEADER_SIZE:], compression)


def unpack(header: Header, packed: bytes | memoryview, compression: Compression, base: bytes = b"") -> bytes:
    """What a frame's packed bytes stand for, exactly as long as it says. CorruptObject."""
    if header.codec == CODEC_RAW:
        return bytes(packed)
    if header.base:
        if not base:
            raise CorruptObject(None, "a frame without the base that it names")
        raw = compression.decompress_against(base, packed, header.raw_size)
    else:
        raw = compression.decompress(packed, header.raw_size, header.dictionary)
    if len(raw) != header.raw_size:
        raise CorruptObject(None, f"a frame declares {header.raw_size} bytes and holds {len(raw)}")
    return raw
