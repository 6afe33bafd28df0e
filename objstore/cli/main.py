"""The entry point: `objstore`. `--version` is answered before anything is imported; commands are loaded when called."""

from __future__ import annotations

import sys

from objstore.version import __version__


def main() -> None:
    """Run the command line and exit with its exit code (the codes are listed in exit_codes.py)."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"objstore {__version__}\n")
        return
    try:
        from objstore.cli.commands import run

        code = run()
    except KeyboardInterrupt:  # Before the commands are there to end it in good order; 130 as in exit_codes.py.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
