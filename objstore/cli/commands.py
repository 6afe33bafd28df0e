"""The command tree. A command's module is imported when it is called, so that a plain command starts fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from objstore.cli.exit_codes import ERROR, INTERRUPTED
from objstore.cli.lazy_group import LazyGroup
from objstore.cli.session import Session
from objstore.version import __version__

_DEPTH = 4000  # Python's own limit of 1,000 is below the 1,024 levels that a stored value may have.

_HERE = "objstore.cli"
PLACES: Final[Mapping[str, str]] = {
    "init": f"{_HERE}.whole_store:init",
    "import": f"{_HERE}.importing:import_",
    "conversations": f"{_HERE}.conversations:conversations",
    "files": f"{_HERE}.files_group:files",
    "settings": f"{_HERE}.settings:settings",
    "keys": f"{_HERE}.keys:keys",
    "access": f"{_HERE}.access:access",
    "tokens": f"{_HERE}.access:tokens",
    "audit": f"{_HERE}.access:audit",
    "serve": f"{_HERE}.serving:serve",
    "log": f"{_HERE}.history:log",
    "show": f"{_HERE}.history:show",
    "diff": f"{_HERE}.history:diff",
    "blame": f"{_HERE}.blaming:blame",
    "search": f"{_HERE}.searching:search",
    "fork": f"{_HERE}.conversations:fork",
    "rewind": f"{_HERE}.conversations:rewind",
    "merge": f"{_HERE}.merging:merge",
    "bisect": f"{_HERE}.bisecting:bisect",
    "undo": f"{_HERE}.history:undo",
    "redo": f"{_HERE}.history:redo",
    "operations": f"{_HERE}.whole_store:operations",
    "remote": f"{_HERE}.remotes:remote",
    "fetch": f"{_HERE}.syncing:fetch",
    "pull": f"{_HERE}.syncing:pull",
    "push": f"{_HERE}.syncing:push",
    "clone": f"{_HERE}.syncing:clone",
    "serve-stdio": f"{_HERE}.syncing:serve_stdio",
    "tag": f"{_HERE}.whole_store:tag",
    "why": f"{_HERE}.whole_store:why",
    "gc": f"{_HERE}.collecting:gc",
    "repack": f"{_HERE}.whole_store:repack",
    "stats": f"{_HERE}.statistics:stats",
    "fsck": f"{_HERE}.checking:fsck",
    "verify": f"{_HERE}.verifying:verify",
    "anchor": f"{_HERE}.verifying:anchor",
    "doctor": f"{_HERE}.checking:doctor",
    "repair": f"{_HERE}.repairing:repair",
    "backup": f"{_HERE}.keeping:backup",
    "restore": f"{_HERE}.keeping:restore",
    "migrate": f"{_HERE}.keeping:migrate",
    "upgrade": f"{_HERE}.keeping:upgrade",
    "completion": f"{_HERE}.completion_script:completion",
    "demo": f"{_HERE}.demo:demo",
}


@click.group(
    cls=LazyGroup,
    places=PLACES,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--store",
    type=click.Path(),
    metavar="DIR",
    envvar="OBJSTORE",
    help="The store's folder (default: .objstore here or above).",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one value a line.")
@click.version_option(__version__, "-V", "--version", prog_name="objstore", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, store: str | None, as_json: bool) -> None:
    """Git for what an AI agent knows: conversations, files and settings, versioned together.

    Moments are written c1, c1#3 (after three events), c1~2, c1@{2 hours ago}, files/ws, settings/user, tags/v1, or as
    an id; c1#3:src/app.py is a file at one. Without a command: what the store holds, and the next useful command.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # Text that the terminal's encoding lacks, lone surrogates too, is shown escaped and never an error.
        reconfigure(errors="backslashreplace")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(_DEPTH, before))
    context.call_on_close(lambda: sys.setrecursionlimit(before))
    context.obj = Session(store, as_json)
    if context.invoked_subcommand is None:
        from objstore.cli.status import show_status

        show_status(context.obj)


def run(words: Sequence[str] | None = None) -> int:
    """Run the command line on these words (by default the process's own); its exit code (see exit_codes.py)."""
    try:
        result: object = cli.main(None if words is None else list(words), prog_name="objstore", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as `| head` does. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ERROR
    return result if isinstance(result, int) else 0
