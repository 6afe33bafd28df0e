"""`objstore fetch`, `pull`, `push` and `clone`: histories to and from other stores."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.progress import shown_progress
from objstore.cli.session import FOLDER, Session, session

if TYPE_CHECKING:
    from objstore.sync.fetching import Fetched
    from objstore.sync.pulling import OnDiverged, PulledRef

_names = click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete(""))
_token = click.option("--token", metavar="TOKEN", envvar="OBJSTORE_TOKEN", help="What a server lets you in with.")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def _parsed_rate(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Bytes a second from "500K"."""
    del context, parameter
    if text is None:
        return None
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "")
    if not (number.isascii() and number.isdecimal()) or len(number) > 15 or unit not in _UNITS or int(number) == 0:
        raise click.BadParameter("it is a number of bytes a second, with K, M or G behind it or nothing")
    return int(number) * _UNITS[unit]


_rate = click.option(
    "--limit-rate", metavar="BYTES", callback=_parsed_rate, help="At most so many bytes a second (500K, 2M)."
)
_prune = click.option("--prune", is_flag=True, help="Forget what is tracked and gone there.")


@click.command(cls=PlainCommand)
@click.argument("remote")
@_names
@_prune
@_token
@_rate
@session
def fetch(
    current: Session, remote: str, names: tuple[str, ...], prune: bool, token: str | None, limit_rate: int | None
) -> None:
    """Bring over what a remote has, without moving anything here.

    Its refs are tracked as remotes/REMOTE/…, to look at and compare. NAME is a ref or a pattern such as
    conversations/team/*; without one, everything but settings comes.
    """
    with current.open() as store, shown_progress() as progress:
        done = store.fetch(remote, *names, prune=prune, token=token, limit_rate=limit_rate, progress=progress)
    for ref in done.refs:
        if ref.oid != ref.before:
            news = "new" if ref.before is None else "moved"
            current.show(
                {"ref": ref.name, "result": news, "id": ref.oid.hex()}, f"{news:<8}  {ref.oid.hex()[:12]}  {ref.name}"
            )
    for name in done.gone:
        current.show(
            {"ref": name, "result": "gone"}, f"{'gone':<8}  {name}{'' if prune else ' (still tracked: --prune)'}"
        )
    _sum_up(current, done)


@click.command(cls=PlainCommand)
@click.argument("remote")
@_names
@click.option(
    "--on-diverged",
    type=click.Choice(["refuse", "fork", "theirs", "ours"]),
    default="refuse",
    help="What to do with a history that went on on both sides, or was rewound (default: refuse).",
)
@_prune
@_token
@_rate
@session
def pull(
    current: Session,
    remote: str,
    names: tuple[str, ...],
    on_diverged: OnDiverged,
    prune: bool,
    token: str | None,
    limit_rate: int | None,
) -> None:
    """Bring over what a remote has, and move forward here.

    All or nothing. A history that went on on both sides, or was rewound on purpose on one, is refused with what moved:
    fork keeps theirs under another name, theirs takes it (undo brings yours back), ours leaves yours as it is.
    """
    with current.open() as store, shown_progress() as progress:
        done = store.pull(
            remote, *names, on_diverged=on_diverged, prune=prune, token=token, limit_rate=limit_rate, progress=progress
        )
    for ref in done.refs:
        _show_pulled(current, ref)
    _sum_up(current, done.fetched)


@click.command(cls=PlainCommand)
@click.argument("remote")
@_names
@click.option("--force", is_flag=True, help="Replace what is there, if it is what was last seen.")
@click.option("--prune", is_flag=True, help="Delete there what matches and is not here.")
@click.option("--mirror", is_flag=True, help="Make it equal to here: look, then --force --prune.")
@_token
@_rate
@session
def push(
    current: Session,
    remote: str,
    names: tuple[str, ...],
    force: bool,
    prune: bool,
    mirror: bool,
    token: str | None,
    limit_rate: int | None,
) -> None:
    """Move a remote forward to what is here.

    All or nothing. NAME is a ref or a pattern such as conversations/team/*; without one, everything but settings goes.
    """
    with current.open() as store, shown_progress() as progress:
        if mirror:
            done = store.mirror(remote, *names, token=token, limit_rate=limit_rate, progress=progress)
        else:
            done = store.push(
                remote, *names, force=force, prune=prune, token=token, limit_rate=limit_rate, progress=progress
            )
    for ref in done.refs:
        if ref.result != "same":
            head = "" if ref.oid is None else ref.oid.hex()
            current.show({"ref": ref.name, "result": ref.result, "id": head}, f"{ref.result:<8}  {ref.name}")
    text = f"{done.objects:,} objects sent" if done.objects else "nothing was missing there"
    current.show({"objects": done.objects, "round_trips": done.round_trips}, text)


@click.command(cls=PlainCommand)
@click.argument("url")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@_names
@click.option("--remote", metavar="NAME", default="origin", help="What to call the other store (default: origin).")
@_token
@_rate
@session
def clone(
    current: Session,
    url: str,
    folder: Path | None,
    names: tuple[str, ...],
    remote: str,
    token: str | None,
    limit_rate: int | None,
) -> None:
    """Make a store with what another one has.

    In FOLDER/.objstore, or here. NAME limits it to some refs; settings come only if named. A clone that was interrupted
    goes on when it is made again.
    """
    import objstore

    path = Path(current.given) if current.given and folder is None else (folder or Path()) / FOLDER
    author = os.environ.get("OBJSTORE_AUTHOR") or os.environ.get("USER") or "user"
    with (
        shown_progress() as progress,
        objstore.clone(
            url, path, *names, remote=remote, author=author, token=token, limit_rate=limit_rate, progress=progress
        ) as store,
    ):
        refs = [ref.name for ref in store.refs.find() if not ref.name.startswith("remotes/")]
        current.show({"store": str(path), "refs": refs}, f"{len(refs)} refs in {path}. Next: objstore --store {path}")


@click.command(cls=PlainCommand)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@session
def serve_stdio(_: Session, folder: Path) -> None:
    """Answer a sync over standard input and output.

    Run on the far side by ssh:// remotes. FOLDER is a store, or has one in .objstore.
    """
    import objstore

    inside = folder / FOLDER
    author = os.environ.get("OBJSTORE_AUTHOR") or os.environ.get("USER") or "user"
    with objstore.open(inside if (inside / "format").exists() else folder, author=author) as store:

        def write(piece: bytes) -> None:
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()

        store.serve_stdio(lambda size: os.read(sys.stdin.fileno(), size), write)


def _show_pulled(current: Session, ref: PulledRef) -> None:
    if ref.result != "same":
        facts: dict[str, object] = {"ref": ref.name, "result": ref.result, "id": ref.oid.hex()}
        if ref.divergence is not None:
            facts["divergence"] = ref.divergence._asdict()
        current.show(facts, f"{ref.result:<8}  {ref.name}")


def _sum_up(current: Session, done: Fetched) -> None:
    facts = {"objects": done.objects, "added": done.added, "round_trips": done.round_trips}
    current.show(
        facts, f"{done.objects:,} objects came, {done.added:,} of them new" if done.objects else "nothing came"
    )
