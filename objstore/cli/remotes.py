"""`objstore remote`: names for other stores."""

from __future__ import annotations

import click

from objstore.cli.lazy_group import PlainGroup
from objstore.cli.session import Session, session


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def remote(context: click.Context) -> None:
    """List remotes, or add, rename and remove them.

    A remote is a name for another store: a folder, ssh://[user@]host/path or http(s)://host/path.
    """
    if context.invoked_subcommand is None:
        current = context.find_object(Session)
        assert current is not None
        with current.open() as store:
            for info in store.remotes.list():
                current.row(info._asdict(), f"{info.name:<12}  {info.url}")


@remote.command()
@click.argument("name")
@click.argument("url")
@session
def add(current: Session, name: str, url: str) -> None:
    """Name another store.

    It is not asked whether it is there.
    """
    with current.open() as store:
        info = store.remotes.add(name, url)
        current.show(info._asdict(), f"{info.name} is {info.url}. Next: objstore pull {info.name}")


@remote.command()
@click.argument("name")
@click.argument("new")
@session
def rename(current: Session, name: str, new: str) -> None:
    """Give a remote another name.

    What is tracked of it goes along.
    """
    with current.open() as store:
        store.remotes.rename(name, new)
        current.show({"renamed": name, "name": new}, f"{name} is {new} now")


@remote.command()
@click.argument("name")
@session
def remove(current: Session, name: str) -> None:
    """Forget a remote and what is tracked of it.

    Your own refs stay; undo --operation brings the remote back.
    """
    with current.open() as store:
        store.remotes.remove(name)
        current.show({"removed": name}, f"{name} is forgotten")
