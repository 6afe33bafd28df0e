"""Grants: which verbs a principal has on the refs below a prefix. What nobody granted is refused.

A prefix ends at a `/` boundary: "conversations/team" covers that ref and "conversations/team/x", never
"conversations/teams"; "" covers everything. Verbs do not imply each other.

    read     see a ref, its log and all that it reaches
    create   make a ref that is not there
    append   move a ref forward: events, files and settings on top of its head
    force    move a ref anywhere: rewind, undo, redo
    delete   take a ref away
    gc       maintenance of the store
    admin    grants, tokens and the log of access (only with the prefix "")
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, cast, get_args

from objstore.errors import InvalidGrant

Verb = Literal["read", "create", "append", "force", "delete", "gc", "admin"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)

MAX_PREFIX: Final = 1024
_PART: Final = re.compile(r"[^\x00-\x20\x7f/]+(?:/[^\x00-\x20\x7f/]+)*")


class Grant(NamedTuple):
    """Verbs on the refs below a prefix."""

    prefix: str
    verbs: frozenset[Verb]

    def covers(self, ref: str) -> bool:
        """Whether a ref, or a narrower prefix, lies within."""
        return not self.prefix or ref == self.prefix or ref.startswith(f"{self.prefix}/")

    @property
    def text(self) -> str:
        """As `parse_grant` reads it."""
        return f"{self.prefix}:{','.join(verb for verb in VERBS if verb in self.verbs)}"


class Allowed(NamedTuple):
    """What a caller may: what each layer allows. The first is the principal's grants, further ones narrow a token."""

    layers: tuple[tuple[Grant, ...], ...]

    def may(self, verb: Verb, ref: str) -> bool:
        """Whether every layer grants a verb on a ref ("" for the whole store)."""
        return bool(self.layers) and all(
            any(verb in grant.verbs and grant.covers(ref) for grant in layer) for layer in self.layers
        )

    def prefixes(self, verb: Verb) -> list[str]:
        """The prefixes below which a verb is allowed, sorted; none lies within another."""
        found = [""] if self.layers else []
        for layer in self.layers:
            given = [grant for grant in layer if verb in grant.verbs]
            found = [
                wide.prefix if Grant(narrow, wide.verbs).covers(wide.prefix) else narrow
                for narrow in found
                for wide in given
                if wide.covers(narrow) or Grant(narrow, wide.verbs).covers(wide.prefix)
            ]
        kept: list[str] = []
        for prefix in sorted(set(found), key=lambda each: (len(each), each)):
            if not any(Grant(each, frozenset()).covers(prefix) for each in kept):
                kept.append(prefix)
        return sorted(kept)


NOTHING: Final = Allowed(())


def parse_grant(text: str) -> Grant:
    """A grant from "PREFIX:verb,verb"; ":read" is about everything. InvalidGrant."""
    prefix, colon, verbs = text.rpartition(":")
    if not colon:
        raise InvalidGrant(text, "it is written PREFIX:VERB,VERB, as in conversations/team:read,append")
    return make_grant(prefix, verbs.split(","))


def make_grant(prefix: str, verbs: Iterable[str]) -> Grant:
    """A grant of checked parts. InvalidGrant."""
    if len(prefix) > MAX_PREFIX or (prefix and _PART.fullmatch(prefix) is None):
        raise InvalidGrant(prefix, "a prefix is the beginning of ref names up to a slash, as in conversations/team")
    given = frozenset(verbs)
    unknown = sorted(given - set(VERBS))
    if unknown or not given:
        raise InvalidGrant(" ".join(unknown), f"the verbs are {', '.join(VERBS)}")
    if given & {"admin", "gc"} and prefix:
        raise InvalidGrant(prefix, "admin and gc are about the whole store: give them with an empty prefix")
    return Grant(prefix, cast("frozenset[Verb]", given))
