"""Bringing a history into the store: appended where the stored events are its beginning, refused where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from objstore.conversations.conversations import Conversations
from objstore.importers.history import History, ImportedEvent
from objstore.importers.resume import Diverged, resume

_BATCH = 256


class Imported(NamedTuple):
    """What became of one history: its conversation, events added, events there now, and why it was refused, if it was."""

    name: str
    added: int
    total: int
    diverged: str | None


def import_history(conversations: Conversations, history: History, prefix: str = "") -> Imported:
    """Append what a conversation of the history's name (after `prefix`) does not have yet, in durable batches.

    Interrupted and run again, it goes on where it stopped; run twice, it adds nothing. BadHistory: the history is
    damaged; nothing was added.
    """
    events = iter(history.timed_events())
    first = list(islice(events, 1))  # Before the conversation is made: a damaged history leaves none behind.
    conversation = conversations.open(prefix + history.name, create=True)
    outcome = resume(iter(conversation), chain(first, events))
    if isinstance(outcome, Diverged):
        refused = None if outcome.ahead else f"event {outcome.at} differs: {outcome.difference}"
        return Imported(conversation.name, 0, len(conversation), refused)
    added = 0
    rest: Iterator[ImportedEvent] = iter(outcome.rest)
    while batch := [event.value for event in islice(rest, _BATCH)]:
        conversation.append_many(batch)
        added += len(batch)
    return Imported(conversation.name, added, len(conversation), None)
