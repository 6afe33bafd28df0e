"""Errors in the words of the command line: where the library says `discard=True`, a user types `--discard`."""

from __future__ import annotations

from collections.abc import Collection


def plural(count: int, noun: str) -> str:
    """A number with its noun: "1 event", "2 events"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def quoted(word: str) -> str:
    """A word as a shell takes it: quoted where it must be."""
    from shlex import quote

    return quote(word)


def text_of(error: Exception, options: Collection[str]) -> str:
    """What to tell the user of a command that has these options."""
    from objstore.errors import NotAStore, ObjstoreError

    if isinstance(error, NotAStore):
        return f"{error.place}: {error.reason}" if error.reason else str(error)
    if isinstance(error, ObjstoreError):
        return _in_options(str(error), options)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    if isinstance(error, RecursionError):
        return "a value is nested too deep to be shown"
    return str(error)


def _in_options(text: str, options: Collection[str]) -> str:
    create = " (or add --create)" if "--create" in options else ""
    pinned = "Read again, or drop --expected-head" if "--expected-head" in options else "Look again, then try again"
    discard = "Snapshot it first, or add --discard" if "--discard" in options else "Snapshot it first"
    sides = "Add --prefer ours, or --prefer theirs"
    if "--settle" in options:
        sides = f"Look at them: --conflicts. {sides}, or --settle KEY HOW for one"
    for library, ours in (
        (" (or open it with create=True)", create),
        (" (or open them with create=True)", create),
        ("Read again, or drop expected_head", pinned),
        ("Snapshot it first, or discard=True", discard),
        ("Import it with a prefix, or as a fork with on_diverged='fork'", "Add --prefix TEXT, or --on-diverged fork"),
        ("Choose a side for each", sides),
        ("Pull with on_diverged='fork' (keep both), 'theirs'", "Add --on-diverged fork (keep both), theirs"),
        ("(take what is there) or 'ours'", "(take what is there) or ours"),
        ("Pull first (on_diverged='fork' keeps both)", "Pull first (--on-diverged fork keeps both)"),
        ("or push with force=True", "or add --force"),
        ("Choose another path, or overwrite=True", "Choose another path, or add --overwrite"),
        ("Open it, or choose another name", "Choose another name"),
        ("Open them, or choose another name", "Choose another name"),
        ("To see them once more: again=True", "To see them once more: --again"),
        (
            "Close the store and open it again: that makes a new journal",
            "Run the command again: it makes a new journal",
        ),
    ):
        text = text.replace(library, ours)
    return text
