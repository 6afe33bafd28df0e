"""`objstore files locks | lock | unlock`: who works on what, for scripts and people."""

from __future__ import annotations

import subprocess

import click

from objstore.cli.exit_codes import CONFLICT, NOT_FOUND
from objstore.cli.failed import Failed
from objstore.cli.files import files, open_files
from objstore.cli.session import Session, session, time_text
from objstore.cli.targets import target


@files.command()
@target("files")
@session
def locks(current: Session, conversation: str | None, name: str | None = None) -> None:
    """List the locks that are held."""
    with current.open() as store:
        for info in open_files(store, name, conversation).locks():
            text = f"{info.token:>6}  until {time_text(info.expires)}  {info.owner}  {info.name}"
            current.show(info._asdict(), text)


@files.command(context_settings={"ignore_unknown_options": True})
@target("files")
@click.argument("lock_name", metavar="LOCK")
@click.argument("command", metavar="[--] COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--owner", metavar="WHO", help="Who has it (default: the author).")
@click.option(
    "--ttl", type=click.FloatRange(min=1), default=60, metavar="SECONDS", help="Renewed this often (default: 60)."
)
@click.option("--wait", type=click.FloatRange(min=0), default=0, metavar="SECONDS", help="For another's (default: 0).")
@session
def lock(
    current: Session,
    lock_name: str,
    command: tuple[str, ...],
    owner: str | None,
    ttl: float,
    wait: float,
    conversation: str | None,
    name: str | None = None,
) -> None:
    """Run COMMAND while holding the lock LOCK.

    It is renewed as long as the command runs, and runs out SECONDS after a crash. The exit code is the command's own, or
    4: somebody else has the lock, or took it away meanwhile.
    """
    from objstore.errors import LockLost

    with current.open() as store:
        held = open_files(store, name, conversation).lock(lock_name, owner=owner, ttl=ttl, wait=wait)
        lost = False
        try:
            with subprocess.Popen(command) as process:
                while True:
                    try:
                        code = process.wait(held.ttl / 3)
                        break
                    except subprocess.TimeoutExpired:
                        try:
                            held.renew()
                        except LockLost:
                            lost = True
        finally:
            try:
                held.release()
            except LockLost:
                lost = True
    if lost:
        raise Failed(f"the lock {lock_name!r} was lost while the command ran; it ended with {code}", CONFLICT)
    if code:
        raise SystemExit(code if code > 0 else 128 - code)


@files.command()
@target("files")
@click.argument("lock_name", metavar="LOCK")
@session
def unlock(current: Session, lock_name: str, conversation: str | None, name: str | None = None) -> None:
    """Take the lock LOCK away from whoever has it.

    What its owner writes under it is refused from then on. Exit code 3: nobody has it.
    """
    with current.open() as store:
        info = open_files(store, name, conversation).break_lock(lock_name)
        if info is None:
            raise Failed(f"nobody has a lock {lock_name!r}", NOT_FOUND)
        current.show(info._asdict(), f"{info.owner} had it, with token {info.token}")
