"""Our test beside OpenHands' app server, in an environment that has it.

The package wants exact versions of some three hundred others, an older SDK among them: 1.4 GB, which no test run
installs by itself. OPENHANDS_APP_SERVER names the Python of an environment made with `pip install openhands-ai==1.11.0
pytest` and the dependencies of this project.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_TEST = "tests/adapters/openhands/test_app_server.py"


def main() -> int:
    """0 if it passes, or if there is no such environment, which is said."""
    python = os.environ.get("OPENHANDS_APP_SERVER")
    if not python:
        print(
            "SKIPPED: the stores of OpenHands' app server beside it: openhands-ai takes 1.4 GB of exact versions that"
        )
        print(
            "         no other package here can share. Name a Python that has it in OPENHANDS_APP_SERVER to run them."
        )
        return 0
    command = [python, "-m", "pytest", "-W", "ignore", "-p", "no:asyncio", "-p", "no:anyio", "-rs", _TEST]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    return subprocess.run(command, cwd=_ROOT, env=environment, check=False).returncode
