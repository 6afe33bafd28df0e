"""Streams of messages: cut out of the pieces of bytes in which they come, and counted.

A reader holds one message at a time, however the bytes were cut on their way. It asks for a message's bytes only after
it has seen its length and found it within the limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objstore.errors import CorruptObject
from objstore.objects.hashing import Hasher
from objstore.objects.kinds import Object
from objstore.packs.compression import Compression
from objstore.packs.frame import decode_frame, encode_frame, group_objects
from objstore.packs.frame_header import MAX_RECORD, decode_header
from objstore.sync.protocol import HEAD, End, Frame, Message, decode_message, encode_message, limit_of

_TARGET = 256 << 10
"""Bytes of payload in a frame: what 200 KB links carry in a blink, and enough to compress well."""
_LEVEL = 3


class CutShort(Exception):
    """A stream of messages ended in the middle: whoever sent it went away. For `service` and `peer`."""


class MessageReader:
    """The messages in a stream of bytes. For one thread."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = bytearray()
        self.bytes = 0
        """Bytes taken from the stream so far."""

    def next(self) -> Message:
        """The next message. CorruptObject: it is damaged. CutShort; what the stream raises."""
        number, size = HEAD.unpack(self._take(HEAD.size))
        if size > limit_of(number):
            raise CorruptObject(None, f"a message of {size} bytes")
        return decode_message(number, self._take(size))

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                raise CutShort
            self._held += piece
            self.bytes += len(piece)
        data = bytes(memoryview(self._held)[:size])
        del self._held[:size]
        return data


class Counted:
    """Encodes the messages of one side, and ends them with how many frames and objects there were."""

    def __init__(self) -> None:
        self._compression = Compression()
        self._frames = 0
        self.objects = 0
        """How many objects were sent."""

    def frames(self, objects: Iterable[Object]) -> Iterator[bytes]:
        """The messages that carry these objects."""
        for group in group_objects(objects, _TARGET):
            frame = encode_frame(group, self._compression, level=_LEVEL, use_dictionary=True)
            self._frames += 1
            self.objects += len(group)
            yield encode_message(Frame(frame))

    def end(self) -> bytes:
        """The last message."""
        return encode_message(End(self._frames, self.objects))


class Frames:
    """Opens the frames of a stream and holds its end against what came. For one thread."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._compression = Compression()
        self._frames = 0
        self.objects = 0
        """How many objects came."""

    def open(self, frame: Frame) -> Iterator[Object]:
        """The objects of a frame, each with the id that its content gives it. CorruptObject."""
        header = decode_header(frame.data)
        if header.base:
            raise CorruptObject(None, "a frame with a base was sent")
        if header.raw_size > MAX_RECORD + _TARGET:
            raise CorruptObject(None, f"a frame of {header.raw_size} bytes was sent")
        opened = decode_frame(frame.data, self._hasher, self._compression)
        self._frames += 1
        self.objects += len(opened)
        for number in range(len(opened)):
            yield opened.object(number)

    def check_end(self, end: End) -> None:
        """CorruptObject: something is missing."""
        if end != (self._frames, self.objects):
            raise CorruptObject(None, f"{self._frames} frames came; the end speaks of {end.frames}")
