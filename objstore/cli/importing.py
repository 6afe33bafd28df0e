"""`objstore import`: agents' histories from files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.exit_codes import ERROR
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session
from objstore.cli.wording import plural, quoted

if TYPE_CHECKING:
    from objstore.importers import History
    from objstore.importers.fill import Imported
    from objstore.store import Store


@click.command("import", cls=PlainCommand)
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--prefix", metavar="TEXT", default="", help="Put in front of every conversation's name.")
@click.option("--samples", is_flag=True, help="Bring in the SWE-agent trajectories that come with objstore.")
@click.pass_context
def import_(context: click.Context, paths: tuple[Path, ...], prefix: str, samples: bool) -> None:
    """Bring in agents' histories.

    OpenHands conversations and output.jsonl, SWE-agent .traj, Claude Code and Codex sessions, JSON lines, JSON lists.
    What is there already is not added again. Exit code 1 if something that should be a history could not be read, or differs from what is there.
    """
    from objstore.importers import SAMPLES, Skipped, scan

    if not paths and not samples:
        raise click.UsageError("Give a PATH, or --samples to try it with what comes along.")
    current = context.ensure_object(Session)
    well = True
    brought: list[Imported] = []
    paths = (*paths, *sorted(SAMPLES.glob("*.traj"))) if samples else paths
    with current.open() as store:
        for path in paths:
            found = 0
            for item in scan(path):
                if isinstance(item, Skipped):
                    well = well and not item.damaged
                    text = f"skipped {item.path}: {item.reason}"
                    current.show({"skipped": item.path, "reason": item.reason, "damaged": item.damaged}, text)
                else:
                    found += 1
                    done = _import(current, store, item, prefix)
                    well = well and done is not None and done.diverged is None
                    brought += [] if done is None else [done]
            if not found:
                well = False
                current.warn(f"objstore: there is no history in {path}")
    _sum_up(current, brought)
    if not well:
        context.exit(ERROR)


def _import(current: Session, store: Store, history: History, prefix: str) -> Imported | None:
    """Import one history and print what became of it; None: it could not be read."""
    from objstore.importers import BadHistory

    name = prefix + history.name
    try:
        with current.working(f"Importing {name}"):
            done = store.import_history(history, prefix)
    except BadHistory as error:
        current.show({"name": name, "error": str(error)}, f"{name}: {error}")
        return None
    text = f"{plural(done.added, 'event')} added, {done.total} in all" if done.diverged is None else done.diverged
    current.show(done._asdict(), f"{done.name}: {text}")
    return done


def _sum_up(current: Session, brought: list[Imported]) -> None:
    """For people, who are told more than one thing: the sum, and what to do next."""
    if current.as_json or len(brought) < 2:
        return
    added = plural(sum(done.added for done in brought), "event")
    current.say(f"{plural(len(brought), 'conversation')}, {added} added. Next: objstore log {quoted(brought[0].name)}")
