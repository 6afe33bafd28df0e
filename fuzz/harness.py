"""What every fuzz target does around its `check`: have its decoder traced, then run atheris, or without it the seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

CORPUS = Path(__file__).resolve().parent / "corpus"


def traced(*packages: str) -> AbstractContextManager[object]:
    """Within it, what is imported of these packages tells atheris which of its lines an input reaches."""
    return nullcontext() if atheris is None else atheris.instrument_imports(include=list(packages))


def run(check: Callable[[bytes], object], corpus: str) -> None:
    """Run atheris with its own options, or the seeds of `corpus` where atheris is not installed.

    An AssertionError or any other exception of `check` is a find.
    """
    if atheris is None:
        for file in sorted((CORPUS / corpus).iterdir()):
            check(file.read_bytes())
        return
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
