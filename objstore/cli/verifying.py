"""`verify` and `anchor`: is the store what was signed, and anchors of it kept elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.exit_codes import DAMAGED, ERROR
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, session, time_text

if TYPE_CHECKING:
    from objstore.signing.verify import Verified

_SOFT = {"unsigned", "expired"}  # Nothing contradicts what was signed.


@click.command(cls=PlainCommand)
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Compare with an anchor.",
)
@click.option("--accept", is_flag=True, help="Then sign everything as it stands, whoever did it.")
@click.pass_context
def verify(context: click.Context, anchors: tuple[Path, ...], accept: bool) -> None:
    """Check that refs and logs are what was signed.

    Nothing altered, cut off, put back or slipped in since. fsck reads the objects too. Changes nothing without
    --accept. Exit code 5 if anything contradicts what was signed, 1 if something is not signed or cannot be compared.
    """
    current = context.ensure_object(Session)
    with current.open(accept_older=True) as store:
        with current.working("Verifying"):
            found = store.verify(anchors)
        _report(current, found)
        if accept:
            signed = store.sign(accept=True)
            text = f"Signed everything as it stands: {signed.refs:,} refs, checkpoint {signed.number}"
            current.show({"signed": signed.number, "refs": signed.refs}, text)
        elif not found.sound:
            context.exit(ERROR if all(doubt.kind in _SOFT for doubt in found.doubts) else DAMAGED)


def _report(current: Session, found: Verified) -> None:
    for doubt in found.doubts:
        text = f"{doubt.kind}: {doubt.ref}: {doubt.reason}" if doubt.ref else f"{doubt.kind}: {doubt.reason}"
        current.show(doubt._asdict(), text, "" if doubt.kind in _SOFT else "red")
    facts = {"checkpoint": found.number, "time": found.time, "by": found.by, "refs": found.refs}
    count = len(found.doubts)
    if found.number:
        by = found.by or "nobody who is trusted here"
        signed = f"checkpoint {found.number} of {time_text(found.time)}, signed by {by}"
    else:
        signed = "no checkpoint"
    said = "All is as it was signed" if found.sound else f"{count:,} {'doubt' if count == 1 else 'doubts'}"
    text = f"{said}: {found.refs:,} refs, {signed}"
    if count and all(doubt.kind == "unsigned" for doubt in found.doubts):
        text += ". If it was you: objstore verify --accept"
    current.show({**facts, "doubts": count}, text)


@click.command(cls=PlainCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@session
def anchor(current: Session, file: Path) -> None:
    """Write the newest checkpoint to FILE.

    With all the heads that it covers, signed. Keep it where nobody who can write to the store can: with
    `verify --anchor FILE` it shows whether the store was cut off, rewritten or put back since, even by somebody
    who has the key.
    """
    with current.open() as store:
        made = store.anchor(file)
    text = f"Checkpoint {made.number} with {made.heads:,} heads in {file} ({made.size:,} bytes)"
    current.show({**made._asdict(), "file": str(file)}, text)
