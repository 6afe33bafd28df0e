"""Fuzz the decoder of nodes of the event index: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_index [ATHERIS OPTIONS] fuzz/corpus/index     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.event_index import encode_node, node_children

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        level, children = node_children(data)
    except CorruptObject:
        return
    assert encode_node(level, children) == data, "a node has two encodings"


if __name__ == "__main__":
    run(check, "index")
