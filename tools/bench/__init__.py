"""Benchmarks: each measures the product beside its peers, in one run, on one file system.

`python3 tools/dev.py bench` lists them. Figures are JSON lines on standard output: ratios travel, seconds do not.
"""

import os
from pathlib import Path

# The stores of a benchmark are signed like any other, with a key that is not the user's.
os.environ.setdefault("OBJSTORE_KEYS", str(Path(__file__).parents[2] / ".dev" / "keys"))
