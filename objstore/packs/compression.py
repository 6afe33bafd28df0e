"""Compression: zstd with shared dictionaries behind one thread-safe door, and the small record of journal rows.

A small record is one byte, 0 for raw and 1 for zstd, and the payload as it is or as one zstd frame. Every zstd frame
written here names its dictionary (or none) and its content size; a frame without a content size is refused, because
`zstandard` would trust its output to no bound. The built-in dictionary, `events.dict`, is format: data compressed with
it can be read with it alone, so a better one gets a new id and a new file. Bytes: docs/format/pack.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import zstandard

from objstore.errors import CorruptObject
from objstore.objects.kinds import Kind

LEVEL = 3
"""The level of frames unless the caller asks for another."""

SMALL_LEVEL = 1
"""The level of records: with caches cold from a flush, level 3 takes three times as long for 6 % less."""

MAX_WINDOW = 1 << 27
"""Bytes; frames that ask for a larger window are refused."""

_SMALLEST = 64  # Bytes; below this a record gains nothing worth the time.
_DENSE_LIMIT = 512  # Bytes; objects that are mostly hashes are tried from here on, when a message makes them long.
_DENSE = frozenset({Kind.COMMIT, Kind.INDEX, Kind.CHUNKS})
_RAW, _ZSTD = b"\x00", b"\x01"
_FAULTS = (zstandard.ZstdError, ValueError, MemoryError)


@cache
def built_in_dictionary() -> bytes:
    """The bytes of the dictionary that every store knows (`tools/dictionary.py` makes it)."""
    # By its path: importing importlib.resources takes longer than all else that opening a store does.
    return Path(__file__).with_name("events.dict").read_bytes()


def dictionary_id(dictionary: bytes) -> int:
    """The id that a trained dictionary carries in itself. CorruptObject: these bytes are no such dictionary."""
    try:
        number = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT).dict_id()
    except _FAULTS as fault:
        raise CorruptObject(None, f"no zstd dictionary: {fault}") from fault
    if number == 0:
        raise CorruptObject(None, "no zstd dictionary: it carries no id")
    return number


def _raw_dictionary(text: bytes) -> zstandard.ZstdCompressionDict:
    """Text as a dictionary without an id."""
    return zstandard.ZstdCompressionDict(text, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _declared(data: bytes | memoryview, limit: int) -> zstandard.FrameParameters:
    """The header of a zstd frame of at most `limit` bytes. CorruptObject."""
    try:
        declared = zstandard.get_frame_parameters(data)
    except _FAULTS as fault:
        raise CorruptObject(None, f"zstd: {fault}") from fault
    if declared.content_size > limit:  # The unknown size is 2**64-1, so it is refused here as well.
        raise CorruptObject(None, f"a zstd frame declares more than {limit} bytes, or no size")
    if declared.window_size > MAX_WINDOW:
        raise CorruptObject(None, f"a zstd frame asks for a window of {declared.window_size} bytes")
    return declared


def _decompressed(decompressor: zstandard.ZstdDecompressor, data: bytes | memoryview, size: int) -> bytes:
    """The content of a zstd frame whose declared size was checked. CorruptObject."""
    try:
        content = decompressor.decompress(data, allow_extra_data=False)
    except _FAULTS as fault:
        raise CorruptObject(None, f"zstd: {fault}") from fault
    if len(content) != size:
        raise CorruptObject(None, f"a zstd frame declares {size} bytes and holds {len(content)}")
    return content


class _Contexts(threading.local):
    """One thread's zstd contexts: making one costs more than a record, and none may be used by two threads at once."""

    def __init__(self) -> None:
        self.compressors: dict[tuple[int, int], zstandard.ZstdCompressor] = {}
        self.decompressors: dict[int, zstandard.ZstdDecompressor] = {}
        self.packing: tuple[bytes, int, zstandard.ZstdCompressor] | None = None
        self.unpacking: tuple[bytes, zstandard.ZstdDecompressor] | None = None


class Compression:
    """Compresses and decompresses with a fixed set of dictionaries. Safe between threads."""

    def __init__(
        self, dictionaries: Iterable[bytes] = (), find_more: Callable[[], Iterable[bytes]] | None = None
    ) -> None:
        """Know these dictionaries beside the built-in one; the last one given is used for new data.

        `find_more` is asked for all there are when data names one that is not known: another process may have added it.
        CorruptObject: one of them is no dictionary, or two different ones share an id.
        """
        self._dictionaries: dict[int, bytes] = {}
        self._find_more = find_more
        self.current = 0
        """The id of the dictionary for new data."""
        for dictionary in (built_in_dictionary(), *dictionaries):
            self.adopt(dictionary)
        self._contexts = _Contexts()

    def __repr__(self) -> str:
        return f"Compression({len(self._dictionaries)} dictionaries, current {self.current})"

    @property
    def ids(self) -> frozenset[int]:
        """The ids of the dictionaries that are known."""
        return frozenset(self._dictionaries)

    def adopt(self, dictionary: bytes) -> None:
        """Know one more dictionary, and use it for new data. CorruptObject as the constructor."""
        self.current = self._add(dictionary)

    def _add(self, dictionary: bytes) -> int:
        number = dictionary_id(dictionary)
        if self._dictionaries.setdefault(number, dictionary) != dictionary:
            raise CorruptObject(None, f"two dictionaries with id {number}")
        return number

    def compress(self, data: bytes, level: int = LEVEL, dictionary: int = 0) -> bytes:
        """One zstd frame with content size; `dictionary` is the id of a known one, or 0 for none."""
        compressor = self._contexts.compressors.get((level, dictionary))
        if compressor is None:
            compressor = self._compressor(level, dictionary)
        return compressor.compress(data)

    def decompress(self, data: bytes | memoryview, limit: int, dictionary: int | None = None) -> bytes:
        """The content of one zstd frame of at most `limit` bytes; no more memory than that is asked for.

        CorruptObject: damaged, over the limit, without content size, with bytes after it, or of a dictionary that is
        unknown or not the one expected (0: none, None: any).
        """
        declared = _declared(data, limit)
        if dictionary is not None and declared.dict_id != dictionary:
            raise CorruptObject(None, f"compressed with dictionary {declared.dict_id}, not {dictionary}")
        decompressor = self._contexts.decompressors.get(declared.dict_id)
        if decompressor is None:
            decompressor = self._decompressor(declared.dict_id)
        return _decompressed(decompressor, data, declared.content_size)

    def compress_against(self, base: bytes, data: bytes, level: int = LEVEL) -> bytes:
        """One zstd frame that can be read beside `base` only. The base last used is kept ready."""
        ready = self._contexts.packing
        if ready is None or ready[0] is not base or ready[1] != level:
            loaded = _raw_dictionary(base)
            made = zstandard.ZstdCompressor(level=level, dict_data=loaded, write_content_size=True)
            ready = self._contexts.packing = (base, level, made)
        return ready[2].compress(data)

    def decompress_against(self, base: bytes, data: bytes | memoryview, limit: int) -> bytes:
        """The reverse of `compress_against`; limits and errors as `decompress`. A wrong base gives wrong bytes."""
        declared = _declared(data, limit)
        if declared.dict_id:
            raise CorruptObject(None, "compressed with a dictionary, not against a base")
        ready = self._contexts.unpacking
        if ready is None or ready[0] is not base:
            made = zstandard.ZstdDecompressor(dict_data=_raw_dictionary(base), max_window_size=MAX_WINDOW)
            ready = self._contexts.unpacking = (base, made)
        return _decompressed(ready[1], data, declared.content_size)

    def compress_small(self, payload: bytes, kind: Kind | None = None) -> bytes:
        """A record for one payload. `kind` spares the attempt on kinds that are mostly hashes."""
        size = len(payload)
        if size < _SMALLEST or (kind in _DENSE and size < _DENSE_LIMIT):
            return _RAW + payload
        packed = self.compress(payload, SMALL_LEVEL, self.current)
        return _ZSTD + packed if len(packed) < size else _RAW + payload

    @staticmethod
    def raw_small(payload: bytes) -> bytes:
        """A record for one payload as it is."""
        return _RAW + payload

    # How bytes are stored. `sealed.SealedCompression` seals them; the domain's keys are its business alone.

    def encode_row(self, oid: bytes, kind: Kind, payload: bytes) -> bytes:  # noqa: ARG002 - what sealing binds
        """The row of an object, compressed."""
        return self.compress_small(payload, kind)

    def quick_row(self, oid: bytes, kind: Kind, payload: bytes) -> bytes:  # noqa: ARG002
        """The row of an object for who has no time to compress; `settled_row` makes it up."""
        return _RAW + payload

    def settled_row(self, oid: bytes, kind: Kind, data: bytes) -> bytes:  # noqa: ARG002
        """A quick row as `encode_row` makes it. CorruptObject."""
        return self.compress_small(data[1:], kind)

    def decode_row(self, oid: bytes, kind: Kind, data: bytes, limit: int) -> bytes:  # noqa: ARG002
        """The payload of a row, at most `limit` bytes long. CorruptObject."""
        return self.decompress_small(data, limit)

    def stored(self, frame: bytes) -> bytes:
        """A frame as the store keeps it."""
        return frame

    def opened(self, data: bytes | memoryview) -> bytes | memoryview:
        """The plain frame in a stored one, which is not checked yet. CorruptObject."""
        return data

    def stored_dictionary(self, data: bytes) -> bytes:
        """A dictionary as the store keeps it."""
        return data

    def decompress_small(self, data: bytes, limit: int) -> bytes:
        """The payload of a record, at most `limit` bytes long. CorruptObject: damaged or over the limit."""
        first = data[:1]
        if first == _ZSTD:
            return self.decompress(data[1:], limit)
        if first != _RAW:
            raise CorruptObject(None, f"a record begins with {first.hex() or 'nothing'}, not 00 or 01")
        if len(data) - 1 > limit:
            raise CorruptObject(None, f"a record of more than {limit} bytes")
        return data[1:]

    def _compressor(self, level: int, number: int) -> zstandard.ZstdCompressor:
        """Make and keep this thread's compressor."""
        loaded = self._loaded(number)
        if loaded is not None:
            loaded.precompute_compress(level=level)  # pyright: ignore[reportUnknownMemberType]
        made = zstandard.ZstdCompressor(
            level=level, dict_data=loaded, write_content_size=True, write_checksum=False, write_dict_id=True
        )
        self._contexts.compressors[level, number] = made
        return made

    def _decompressor(self, number: int) -> zstandard.ZstdDecompressor:
        """Make and keep this thread's decompressor. CorruptObject: the dictionary is not known."""
        made = zstandard.ZstdDecompressor(dict_data=self._loaded(number), max_window_size=MAX_WINDOW)
        self._contexts.decompressors[number] = made
        return made

    def _loaded(self, number: int) -> zstandard.ZstdCompressionDict | None:
        """A dictionary as an object of this thread's own. CorruptObject: it is not known."""
        if number == 0:
            return None
        if number not in self._dictionaries and self._find_more is not None:
            for found in self._find_more():
                self._add(found)
        dictionary = self._dictionaries.get(number)
        if dictionary is None:
            raise CorruptObject(None, f"compressed with dictionary {number}, which is not here")
        return zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
