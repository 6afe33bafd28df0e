"""How an encrypted store's bytes lie: rows and frames as a plain store has them, sealed.

A sealed row is the byte 2 and what a vault made of the small record, for its kind and id. A sealed frame is a header of
codec 2 that tells domain, epoch, number of records and base, and what a vault made of the whole plain frame, padded with
zeros to a multiple of 256 bytes, for that header. A reader of an encrypted store takes nothing that is not sealed.
Bytes: docs/format/encryption.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from objstore.errors import CorruptObject
from objstore.keys.vault import OVERHEAD, Vault
from objstore.objects.kinds import Kind
from objstore.packs.compression import Compression
from objstore.packs.frame_header import (
    CODEC_SEALED,
    HEADER_SIZE,
    Header,
    check_frame,
    decode_header,
    header_bytes,
    seal,
)

PADDING: Final = 256
_SEALED: Final = b"\x02"
_DICTIONARY: Final = b"dictionary"


class SealedCompression(Compression):
    """Compression of an encrypted store: what it stores is sealed, and what is not sealed it refuses."""

    def __init__(
        self, vault: Vault, dictionaries: Iterable[bytes] = (), find_more: Callable[[], Iterable[bytes]] | None = None
    ) -> None:
        """`dictionaries` and `find_more` give them sealed, as `stored_dictionary` makes them."""
        more = None if find_more is None else lambda: map(self._opened_dictionary, find_more())
        self._vault = vault
        super().__init__(map(self._opened_dictionary, dictionaries), more)

    def encode_row(self, oid: bytes, kind: Kind, payload: bytes) -> bytes:
        """The row of an object, compressed and sealed."""
        return self._row(oid, kind, self.compress_small(payload, kind))

    def quick_row(self, oid: bytes, kind: Kind, payload: bytes) -> bytes:
        """The row of an object, sealed as it is."""
        return self._row(oid, kind, self.raw_small(payload))

    def settled_row(self, oid: bytes, kind: Kind, data: bytes) -> bytes:
        """A quick row as `encode_row` makes it. CorruptObject."""
        return self.encode_row(oid, kind, self.decode_row(oid, kind, data, len(data)))

    def decode_row(self, oid: bytes, kind: Kind, data: bytes, limit: int) -> bytes:
        """The payload of a row. CorruptObject: it is not sealed, or does not open as this object's."""
        if data[:1] != _SEALED:
            raise CorruptObject(None, "a row that is not sealed, in an encrypted store")
        return self.decompress_small(self._vault.open(data[1:], _row_place(oid, kind)), limit)

    def stored(self, frame: bytes) -> bytes:
        """A frame as the store keeps it."""
        plain = decode_header(frame)
        content = frame + bytes(-len(frame) % PADDING)
        size = len(content) + OVERHEAD
        outer = Header(CODEC_SEALED, plain.records, 0, size, size, 0, plain.base, self._vault.domain)
        return seal(outer, b"", self._vault.seal(content, header_bytes(outer)))

    def opened(self, data: bytes | memoryview) -> bytes | memoryview:
        """The plain frame in a stored one. CorruptObject: it is not sealed, or does not open."""
        outer = check_frame(data)
        if outer.codec != CODEC_SEALED or outer.domain != self._vault.domain:
            raise CorruptObject(None, "a frame that is not sealed by this store's keys")
        content = self._vault.open(bytes(data[HEADER_SIZE:]), header_bytes(outer))
        plain = decode_header(content)
        frame, padding = content[: plain.size], content[plain.size :]
        if len(padding) >= PADDING or padding.strip(b"\0"):
            raise CorruptObject(None, "a sealed frame that is not padded as a writer pads")
        if (plain.records, plain.base, plain.domain) != (outer.records, outer.base, outer.domain):
            raise CorruptObject(None, "a sealed frame that is another than its header says")
        return frame

    def stored_dictionary(self, data: bytes) -> bytes:
        """A dictionary as the store keeps it: it is made of events."""
        return self._vault.seal(data, _DICTIONARY)

    def _opened_dictionary(self, sealed: bytes) -> bytes:
        return self._vault.open(sealed, _DICTIONARY)

    def _row(self, oid: bytes, kind: Kind, record: bytes) -> bytes:
        return _SEALED + self._vault.seal(record, _row_place(oid, kind))


def _row_place(oid: bytes, kind: Kind) -> bytes:
    return b"row" + bytes([kind]) + oid
