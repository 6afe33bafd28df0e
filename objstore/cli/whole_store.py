"""Commands about the whole store: `init`, `operations`, `tag`, `repack`, `why`."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from objstore.cli.completion import complete
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import FOLDER, Session, session, time_text

if TYPE_CHECKING:
    from objstore.maintenance.dictionary import Trained
    from objstore.maintenance.why import Kept

_SHOWN = 6  # objects at either end of a long way


@click.command(cls=PlainCommand)
@click.option("--encrypt", is_flag=True, help="Seal all content; names and texts of the logs stay readable.")
@session
def init(current: Session, encrypt: bool) -> None:
    """Make a store in this folder, or where --store says.

    Its folder is .objstore. A store that is there is left as it is. With --encrypt it is opened by the identity that
    OBJSTORE_KEY names, by the passphrase in the file that OBJSTORE_PASSPHRASE_FILE names, or by one that is asked for.
    """
    import objstore
    from objstore.cli.unlocking import Secret, new_secret

    path = Path(current.given or FOLDER)
    there = (path / "format").exists()
    if not there:
        passphrase, key = new_secret() if encrypt else Secret()
        objstore.open(path, create=True, passphrase=passphrase, key=key).close()
    kind = "an encrypted store" if encrypt else "a store"
    said = f"There is a store in {path} already" if there else f"Made {kind} in {path}"
    facts = {"store": str(path), "made": not there, "encrypted": encrypt and not there}
    current.show(facts, f"{said}. Next: objstore import PATH")


@click.command(cls=PlainCommand)
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@session
def operations(current: Session, limit: int | None) -> None:
    """List every change of refs, newest first.

    undo --operation takes one back, if nothing moved since.
    """
    with current.open() as store, current.paged():
        for operation in islice(store.operations(), limit):
            for entry in operation.entries:
                facts = {"operation": operation.number, "ref": entry.name, "why": entry.why, "who": entry.who}
                text = f"{operation.number:>6}  {time_text(entry.ended)}  {entry.why:<28}  {entry.name}"
                current.row({**facts, "time": entry.ended}, text)


@click.command(cls=PlainCommand)
@click.argument("name", required=False, shell_complete=complete("tags"))
@click.argument("moment", required=False, shell_complete=complete(""))
@click.option("-m", "--message", metavar="TEXT", default="", help="What the tag is for.")
@click.option("--sign", is_flag=True, help="Sign it with your own key.")
@click.option("--delete", is_flag=True, help="Take the tag NAME away.")
@click.option("--verify", is_flag=True, help="Tell who signed the tag NAME.")
@session
def tag(
    current: Session, name: str | None, moment: str | None, message: str, sign: bool, delete: bool, verify: bool
) -> None:
    """Name the commit at MOMENT, or list the tags.

    tags/NAME stays where it is put. Exit code 5 if a tag to be verified is not signed by a key that is trusted.
    """
    if (delete or verify) != (name is not None and moment is None) or (delete and verify) or (sign and moment is None):
        raise click.UsageError("Write: tag, tag NAME MOMENT [--sign], tag --delete NAME or tag --verify NAME.")
    with current.open() as store:
        if name is None:
            for each in store.tags.find():
                facts = {"name": each.name, "commit": each.target.hex(), "author": each.author, "time": each.time}
                text = f"{each.target.hex()[:12]}  {each.name}  {each.message}".rstrip()
                current.row({**facts, "message": each.message}, text)
        elif verify:
            by = store.tags.verify(name)
            current.show({"name": name, "by": by}, f"{name} is signed by {by}")
        elif moment is None:
            store.tags.delete(name)
            number = next(iter(store.operations())).number
            text = f"Deleted tag {name}. To bring it back: objstore undo --operation {number}"
            current.show({"deleted": name, "operation": number}, text)
        else:
            made = store.tags.create(name, moment, message, sign=sign)
            current.show({"name": name, "commit": made.target.hex()}, f"{made.target.hex()[:12]}  {name}")


@click.command(cls=PlainCommand)
@click.option("--train", is_flag=True, help="First train a compression dictionary on the events of this store.")
@session
def repack(current: Session, train: bool) -> None:
    """Move fresh objects into packs, and merge small packs.

    It costs what is new, not what is there. Beside readers and writers; safe to interrupt. With --train, a dictionary of the store's own is used from then on
    if it saves 5 % or more.
    """
    with current.open() as store:
        facts: dict[str, object] = {}
        if train:
            with current.working("Training"):
                made = store.train_dictionary()
            facts["trained"] = made._asdict()
            if not current.as_json:
                current.say(_training_text(made))
        with current.working("Packing"):
            done = store.repack()
        text = f"{done.objects:,} objects packed; {done.before:,} bytes before, {done.after:,} after"
        if done.merged:
            text += f"; {done.merged} packs merged into others"
        if done.damaged:
            text += f"; {done.damaged} damaged rows stay in the journal. Run: objstore fsck"
        current.show({**done._asdict(), **facts}, text)


def _training_text(made: Trained) -> str:
    if not made.id:
        return f"{made.samples:,} events are too few to train on, or have too little in common"
    what = "used from now on" if made.adopted else "not worth it: not used"
    return f"dictionary {made.id}: {made.before:,} bytes of events take {made.after:,} with it; {what}"


@click.command(cls=PlainCommand)
@click.argument("oid")
@session
def why(current: Session, oid: str) -> None:
    """Tell what keeps the object OID.

    A ref, or an entry of a log, and a shortest way from there. OID is an id, or as much of one as tells it.
    """
    if not re.fullmatch(r"[0-9a-fA-F]{4,64}", oid):
        raise click.UsageError("OID is 4 to 64 hex digits.")
    with current.open() as store:
        with current.working("Looking"):
            kept = store.why(oid.lower())
        path = [step._asdict() for step in kept.path]
        current.show({"kept": bool(kept.root), "by": kept.root, "path": path}, _way_text(kept))


def _way_text(kept: Kept) -> str:
    if not kept.root:
        return f"Nothing reaches {kept.path[-1].kind} {kept.path[-1].oid[:12]}"
    lines = [kept.root, *(f"  {step.oid[:12]}  {step.kind}" for step in kept.path)]
    if len(lines) > 2 * _SHOWN + 1:
        lines[1 + _SHOWN : -_SHOWN] = [f"  … {len(lines) - 1 - 2 * _SHOWN:,} more …"]
    return "\n".join(lines)
