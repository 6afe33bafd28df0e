"""Stands in for ssh: runs the command for the far side here, whatever the host. Its words come behind `--`."""

from __future__ import annotations

import os
import shlex
import sys

_, command = sys.argv[sys.argv.index("--") + 1 :]
words = shlex.split(command)
assert words[0] == "objstore", words
os.execv(sys.executable, [sys.executable, "-m", "objstore.cli.main", *words[1:]])
