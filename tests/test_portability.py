"""What keeps the sources running on every Python from 3.11 on, and that no newer one is needed to see."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(file for package in ("objstore", "refs") for file in (ROOT / package).rglob("*.py"))
_NUMBERED = re.compile(r"(?:[=<>(,]|VALUES|SELECT|LIMIT|BETWEEN|AND) *\?\d", re.IGNORECASE)


@pytest.mark.parametrize("statement", ["WHERE a = ?1", "VALUES (?1, ?2)", "select ?1", "x LIMIT ?3"])
def test_numbered_placeholders_are_recognised(statement: str) -> None:
    assert _NUMBERED.search(statement)


def test_no_statement_numbers_its_placeholders() -> None:
    """With a sequence of values Python 3.13 warns of them, and 3.14 refuses them."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NUMBERED.search(node.value)
    ]
    assert found == []
