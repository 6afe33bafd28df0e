"""`python3 tools/dev.py suites`: our tests that need the packages, then OpenHands' SDK's own; says what it leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tools.suites import app_server

ROOT = Path(__file__).parents[2]
_PAGE = "tests/docs/test_pages.py::test_a_page_shows_what_really_happens[docs/how-to/{}.md]"


def main() -> int:
    """0 if everything that can run here is as it should be."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # It would ask the network for prices of models.
    os.environ["OPENHANDS_SUPPRESS_BANNER"] = "1"
    has_openhands = sys.version_info >= (3, 12) and find_spec("openhands") is not None
    chosen = [_PAGE.format("claude-agent-sdk"), "tests/adapters/claude"]
    if has_openhands:
        chosen += [_PAGE.format("openhands"), "tests/adapters/openhands"]
    # Other people's packages warn of much, and of more in a new Python; our own tests elsewhere treat it as an error.
    command = [sys.executable, "-m", "pytest", "-W", "ignore", "-p", "no:asyncio", "-rs", *chosen, *sys.argv[1:]]
    failed = subprocess.run(command, cwd=ROOT, check=False).returncode
    failed = app_server.main() or failed
    if not has_openhands:
        print(f"SKIPPED: OpenHands' SDK needs Python 3.12, and this machine has {sys.version.split()[0]} alone")
        return failed
    from tools.suites import openhands

    return openhands.main() or failed


if __name__ == "__main__":
    sys.exit(main())
