"""Telling what became of a name that was moved, and how to take it back: rewind, merge, undo, redo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from objstore.cli.session import Session, commit_facts
from objstore.cli.wording import plural

if TYPE_CHECKING:
    from objstore.repository.commit import CommitInfo
    from objstore.store import Store


def show_move(current: Session, store: Store, name: str, was: CommitInfo | None, back: str) -> None:
    """Print where `name` is now and where it was (None: nowhere), and the command that goes back."""
    now = store.resolve(name)
    facts = {**commit_facts(now), "name": name, "was": None if was is None else was.id}
    current.show(facts, f"{_sentence(store, name, was, now)}\nTo take it back: {back}")


def _sentence(store: Store, name: str, was: CommitInfo | None, now: CommitInfo) -> str:
    from objstore.repository.revisions import ref_name

    if not ref_name(name).startswith("conversations/"):
        return f"{name} is at {now.id[:12]} now"
    before = "" if was is None or was.events == now.events else f"; it had {was.events}"
    text = f"{name} has {plural(now.events, 'event')} now{before}"
    if not now.events:
        return text
    return f"{text}. The last is {_last(store, now)}"


def _last(store: Store, commit: CommitInfo) -> str:
    """The newest event in a line."""
    from objstore.conversations.readable import summary
    from objstore.errors import CorruptObject, MissingObject, RedactedEvent

    try:
        return summary(store.view(commit)[-1])
    except RedactedEvent:
        return "redacted"
    except (CorruptObject, MissingObject):
        return "damaged. Run: objstore doctor"
