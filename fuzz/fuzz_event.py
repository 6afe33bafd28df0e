"""Fuzz the decoder of events: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_event [ATHERIS OPTIONS] fuzz/corpus/event     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.events import decode_event, encode_event, event_value

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        event = decode_event(data)
    except CorruptObject:
        return
    assert encode_event(event.value, event.salt) == data, "an event has two encodings"
    assert event_value(data) == event.value, "the value alone is another than the value with its salt"


if __name__ == "__main__":
    run(check, "event")
