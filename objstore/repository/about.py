"""What a history says about itself: title, tags and free keys, in a reserved group of its commits' settings trees.

    @about.title            the title, a JSON text
    @about.tags.TAG         true, for each tag; dots and per cent signs of the tag as %2E and %25, since dots nest
    @about.keys.KEY         a JSON value under a free key

`@` stands in no settings key, so `settings` neither shows nor writes these entries. They travel, fork, merge key by
key and go back in time with the commit, at no cost to commits that leave them alone (docs/decisions/).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from objstore.objects.codec import decode_value
from objstore.objects.kinds import Kind, Oid
from objstore.objects.trees import scan_prefix
from objstore.objects.values import JsonValue
from objstore.repository.repository import Repository

ABOUT: Final = b"@about."
TITLE: Final = ABOUT + b"title"
TAGS: Final = ABOUT + b"tags."
KEYS: Final = ABOUT + b"keys."
JSON_MODE: Final = 1
"""The mode of an entry whose blob is one encoded JSON value, here and in settings."""


class About(NamedTuple):
    """What a commit says about its history. Values are fresh for whoever asks."""

    title: str
    tags: frozenset[str]
    keys: dict[str, JsonValue]


NOTHING: Final = About("", frozenset(), {})


def is_about(key: bytes) -> bool:
    """Whether an entry of a settings tree belongs to the reserved group."""
    return key.startswith(ABOUT)


def read_about(repo: Repository, settings: Oid | None) -> About:
    """What the settings tree of a commit says about its history. MissingObject, CorruptObject."""
    if settings is None:
        return NOTHING
    title, tags, keys = "", set[str](), dict[str, JsonValue]()
    for key, entry in scan_prefix(settings, repo.nodes, ABOUT):
        if key.startswith(TAGS):
            tags.add(tag_of(key))
        elif key.startswith(KEYS):
            keys[key[len(KEYS) :].decode()] = decode_value(repo.payload(entry.oid, Kind.BLOB))
        elif key == TITLE:
            title = str(decode_value(repo.payload(entry.oid, Kind.BLOB)))
    return About(title, frozenset(tags), keys)


def tag_key(tag: str) -> bytes:
    """The key of a tag."""
    return TAGS + tag.replace("%", "%25").replace(".", "%2E").encode()


def tag_of(key: bytes) -> str:
    """The tag of a key that `tag_key` made."""
    return key[len(TAGS) :].decode().replace("%2E", ".").replace("%25", "%")
