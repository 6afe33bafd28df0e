"""`objstore serve`: stores over HTTP."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from objstore.cli.exit_codes import ERROR, USAGE
from objstore.cli.failed import Failed
from objstore.cli.lazy_group import PlainCommand
from objstore.cli.session import Session, find_store, session

_NAME = "main"


@click.command(cls=PlainCommand)
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Where to listen (default: this machine alone).")
@click.option("--port", type=click.IntRange(0, 65535), default=7100, metavar="PORT", help="0: any that is free.")
@click.option(
    "--root", type=click.Path(path_type=Path), metavar="DIR", help="Serve every store right in DIR, by its name."
)
@click.option("--name", default=_NAME, metavar="NAME", help="The name of the one store (default: main).")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="FILE", help="A TLS certificate, as PEM.")
@click.option("--certificate-key", type=click.Path(path_type=Path), metavar="FILE", help="Its private key, as PEM.")
@click.option("--threads", type=click.IntRange(1, 256), default=16, metavar="N", help="Requests that work at once.")
@click.option(
    "--waiting", type=click.IntRange(1, 100_000), default=512, metavar="N", help="Requests that may wait for those."
)
@click.option(
    "--patience",
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="For slow heads (10) and pieces of bodies (30).",
)
@click.option("--max-push", type=click.IntRange(1), metavar="BYTES", help="What one push may bring (64 GiB).")
@session
def serve(
    current: Session,
    host: str,
    port: int,
    root: Path | None,
    name: str,
    certificate: Path | None,
    certificate_key: Path | None,
    threads: int,
    waiting: int,
    patience: float | None,
    max_push: int | None,
) -> None:
    """Serve a store, or all in a folder, over HTTP.

    URL/NAME is a remote that others clone, pull from and push to. The JSON API is at URL/NAME/v1, its description at
    URL/openapi.json, figures at URL/metrics. A request needs a token (objstore tokens) whose principal has grants
    (objstore access). It ends in good order at SIGTERM or Ctrl-C. The log
    goes to standard error, a JSON object a line.
    """
    try:
        from objstore.server.app import Service
        from objstore.server.limits import Limits
        from objstore.server.logs import Log
        from objstore.server.run import Address
        from objstore.server.run import serve as run
        from objstore.server.tenants import NAME, Tenants
    except ModuleNotFoundError as error:
        raise Failed(f"{error.name} is missing. Run: pip install 'objstore-vcs[server]'", ERROR) from None

    if (certificate is None) != (certificate_key is None):
        raise Failed("--certificate and --certificate-key go together", USAGE)
    if not NAME.fullmatch(name):
        raise Failed(f"--name is {name!r}; it takes letters, digits, dots, dashes and underscores", USAGE)
    if root is not None and not root.is_dir():
        raise Failed(f"{root} is no folder", USAGE)
    limits = Limits(threads=threads, waiting=waiting)
    if patience is not None:
        limits = replace(limits, header_seconds=patience, body_seconds=patience)
    if max_push is not None:
        limits = replace(limits, push_bytes=max_push)
    named = {name: find_store(current.given)} if root is None else {}
    tenants = Tenants(named, root, limits.lock_seconds)
    for each in named:
        tenants.get(each)  # a store that cannot be opened is told now

    def ready(url: str) -> None:
        where = f"{url}/{name}" if root is None else f"{url}/NAME"
        current.show({"url": url, "name": None if root else name}, f"Serving {where} (Ctrl-C ends it)")
        sys.stdout.flush()

    run(Service(tenants, limits, Log()), Address(host, port, certificate, certificate_key), ready)
