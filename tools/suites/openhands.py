"""The tests of OpenHands' SDK's own repository, with our file store in place of theirs.

The repository is a checkout named by OPENHANDS_SDK_REPOSITORY, or cloned at the tag of the installed version. A test
fails here if it does not fail with theirs, is not in `known.FAILURES`, or is there and passes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tools.suites.known import FAILURES

_URL = "https://github.com/OpenHands/software-agent-sdk"
_TESTS = (
    "tests/sdk/io",
    "tests/sdk/conversation/test_event_store.py",
    "tests/sdk/conversation/test_event_tree.py",
    "tests/sdk/conversation/local/test_custom_file_store.py",
    "tests/sdk/conversation/local/test_fork.py",
)
_OUTCOME = re.compile(r"^(?P<outcome>PASSED|FAILED|ERROR|SKIPPED) (?P<name>tests/\S+)", re.MULTILINE)
# A hundred thousand events, one write each: minutes, and about numbers of six digits, which our own tests cover.
_TOO_LONG = "not past_100k"


def main() -> int:
    """Run them twice and compare; 0 if all is as expected, or if there is no repository to be had, which is said."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = os.environ.get("OPENHANDS_SDK_REPOSITORY") or _cloned(Path(scratch))
        if checkout is None:
            return 0
        theirs = _outcomes(Path(checkout))
        ours = _outcomes(Path(checkout), "-p", "tools.suites.swap")
    if not ours or not theirs:
        print("SDK tests: none ran, see above")
        return 1
    failed = {name for name, outcome in ours.items() if outcome in ("FAILED", "ERROR")}
    failed_anyway = {name for name, outcome in theirs.items() if outcome in ("FAILED", "ERROR")}
    for name in sorted(failed):
        reason = "fails with their own store as well" if name in failed_anyway else FAILURES.get(name, "NOT EXPECTED")
        print(f"failed: {name}: {reason}")
    unexpected = failed - failed_anyway - FAILURES.keys()
    mended = (FAILURES.keys() & ours.keys()) - failed
    for name in sorted(mended):
        print(f"passes, take it out of tools/suites/known.py: {name}")
    print(f"SDK tests with our file store: {len(ours) - len(failed)} passed, {len(failed)} failed as listed above")
    return 1 if unexpected or mended else 0


def _cloned(scratch: Path) -> str | None:
    tag = f"v{version('openhands-sdk')}"
    command = ["git", "clone", "--quiet", "--depth", "1", "--branch", tag, _URL, str(scratch / "sdk")]
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        reason = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except subprocess.TimeoutExpired:
        reason = ["it took more than two minutes"]
    if not reason:
        return str(scratch / "sdk")
    print(f"SKIPPED: the tests of OpenHands' SDK are not in its package, and {_URL} at {tag} cannot be cloned here")
    print(f"         ({reason[0]}). Name a checkout in OPENHANDS_SDK_REPOSITORY to run them.")
    return None


def _outcomes(checkout: Path, *options: str) -> dict[str, str]:
    """What became of each test, by name."""
    chosen = [name for name in _TESTS if (checkout / name).exists()]
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environment["OPENHANDS_SUPPRESS_BANNER"] = "1"
    command += ["-k", _TOO_LONG, *options, *chosen]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    found = {match["name"]: match["outcome"] for match in _OUTCOME.finditer(done.stdout)}
    if not found:
        print(done.stdout[-3000:], done.stderr[-3000:])
    return found
