"""Fuzz the decoder of tree nodes: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_tree_node [ATHERIS OPTIONS] fuzz/corpus/tree_node     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects.trees"):
    from objstore.objects.trees import decode_node, encode_node

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        node = decode_node(data)
    except CorruptObject:
        return
    assert encode_node(node) == data, "a node has two encodings"
    assert node.totals()[0] >= len(node.keys), "a node has fewer entries than items"


if __name__ == "__main__":
    run(check, "tree_node")
