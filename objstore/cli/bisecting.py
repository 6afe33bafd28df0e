"""`objstore bisect`: the event that broke a command, by running it on the files of moments."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.failed import Failed
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, commit_facts, commit_line, session

if TYPE_CHECKING:
    from objstore.conversations.bisect import Bisected
    from objstore.conversations.conversation import Conversation
    from objstore.conversations.view import ConversationView
    from objstore.objects.kinds import Oid
    from objstore.repository.commit import CommitInfo

_SKIP = 125
_LAST_BAD = 127


@click.command(cls=PlainCommand, context_settings={"ignore_unknown_options": True})
@click.argument("name", shell_complete=complete("conversations"))
@click.argument("command", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--good", metavar="MOMENT", help="A moment at which it worked (default: the first with files).")
@click.option("--bad", metavar="MOMENT", help="A moment at which it did not (default: the head).")
@session
def bisect(current: Session, name: str, command: tuple[str, ...], good: str | None, bad: str | None) -> None:
    """Find the event that broke a command.

    Runs COMMAND in a folder with the files of a moment: exit code 0 means good, 1 to 127 bad, 125 that the moment
    cannot be judged, anything else ends the search. Each moment gets a fresh folder; equal files are run once.
    """
    with current.open() as store:
        conversation = store.conversations.open(name)
        start = _first_with_files(conversation) if good is None else good
        found = conversation.bisect(_Runs(current, command), good=start, bad=bad)
        _show(current, found, conversation.at(found.first_bad))


def _first_with_files(conversation: Conversation) -> CommitInfo | None:
    from objstore.errors import CannotBisect

    try:
        return conversation.bisect(lambda view: view.files.root is None).first_bad
    except CannotBisect:  # the first moment has files, or none has
        return None


class _Runs:
    """Judges moments by a command."""

    def __init__(self, current: Session, command: tuple[str, ...]) -> None:
        self._current = current
        self._command = command
        self._known: dict[Oid | None, int] = {}

    def __call__(self, view: ConversationView) -> bool | None:
        """Good, bad, or cannot be judged. Failed: the command could not be run, or said neither."""
        root = view.files.root
        if root not in self._known:
            self._known[root] = self._run(view)
        code = self._known[root]
        word = {0: "good", _SKIP: "skipped"}.get(code, "bad")
        facts = {"tested": view.commit.id, "events": len(view), "verdict": word, "exit_code": code}
        self._current.show(facts, f"#{len(view)} is {word}")
        return None if code == _SKIP else code == 0

    def _run(self, view: ConversationView) -> int:
        with tempfile.TemporaryDirectory(prefix="objstore-bisect-") as folder:
            view.files.checkout(Path(folder))
            try:
                # What the command prints goes to standard error, so that with --json the output stays JSON.
                output = 2 if self._current.as_json else None
                code = subprocess.run(
                    self._command, cwd=folder, env=_environment(), stdout=output, check=False
                ).returncode
            except OSError as error:
                raise Failed(f"{self._command[0]} cannot be run: {error.strerror}") from None
        if not 0 <= code <= _LAST_BAD:
            raise Failed(
                f"the command ended with {code} at #{len(view)}, which is neither good nor bad; nothing was found"
            )
        return code


def _environment() -> dict[str, str]:
    """Ours, without what would lead the command back into this store."""
    return {key: value for key, value in os.environ.items() if key != "OBJSTORE"}


def _show(current: Session, found: Bisected, view: ConversationView) -> None:
    from objstore.cli.showing import show_event

    commit = found.first_bad
    facts = {
        "first_bad": commit_facts(commit),
        "event": commit.events - 1 if commit.event is not None else None,
        "candidates": [candidate.id for candidate in found.candidates],
        "last_good": found.last_good.id,
        "tested": found.tested,
    }
    more = len(found.candidates) - 1
    text = f"It broke with {commit_line(commit)}"
    if more:
        text += f"\nor with one of the {more} before it, which could not be judged"
    current.show(facts, text, "bold")
    if commit.event is not None and not current.as_json:
        show_event(current, commit.events - 1, view[-1])
