"""Whether a payload is what its kind demands: decoded by its own codec, which refuses all but the one encoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from objstore.errors import CorruptObject
from objstore.objects import event_index
from objstore.objects.chunk_list import decode_chunk_list
from objstore.objects.commits import decode_commit
from objstore.objects.events import event_value
from objstore.objects.kinds import Kind
from objstore.objects.tags import decode_tag
from objstore.objects.trees import decode_node

_DECODERS: Final[Mapping[Kind, Callable[[bytes], object]]] = {
    Kind.CHUNKS: decode_chunk_list,
    Kind.TREE: decode_node,
    Kind.COMMIT: decode_commit,
    Kind.EVENT: event_value,
    Kind.INDEX: event_index.decode_node,
    Kind.TAG: decode_tag,
}


def check_payload(kind: Kind, payload: bytes) -> None:
    """CorruptObject (without an id): the payload is not the canonical one of any object of this kind."""
    decode = _DECODERS.get(kind)
    if decode is not None:  # Any bytes are a blob.
        decode(payload)


def payload_fault(kind: Kind, payload: bytes) -> str | None:
    """What is wrong with a payload of this kind, in words, or None."""
    try:
        check_payload(kind, payload)
    except CorruptObject as fault:
        return fault.reason
    return None
