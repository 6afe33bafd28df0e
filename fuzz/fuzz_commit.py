"""Fuzz the decoder of commits: what decodes encodes back to the same bytes, all else is CorruptObject.

python -m fuzz.fuzz_commit [ATHERIS OPTIONS] fuzz/corpus/commit     (without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.objects"):
    from objstore.objects.commits import decode_commit, encode_commit

from objstore.errors import CorruptObject


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    try:
        commit = decode_commit(data)
    except CorruptObject:
        return
    assert encode_commit(commit) == data, "a commit has two encodings"
    assert commit.events <= commit.place + 1 <= commit.generation, "a commit has more events than its chain has commits"


if __name__ == "__main__":
    run(check, "commit")
