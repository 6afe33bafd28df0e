"""An error as JSON and back: its name, its facts and its words, for a peer that raises it again.

    {"error": "MovedHead", "facts": ["c1", {"hex": "3f2a…"}, null, ""], "detail": "c1 moved: …"}

Facts are the arguments of the class: texts, numbers, true, false, null, lists (tuples here), and bytes as {"hex": …}.
An error from outside that is none of ours, or whose facts do not fit its class, is never raised as what it claims to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import objstore.errors as errors
from objstore.errors import ObjstoreError

MAX_FACTS = 16
MAX_DEPTH = 4


def problem_of(error: ObjstoreError) -> dict[str, Any]:
    """An error as JSON."""
    facts = error.__reduce__()[1]
    return {
        "error": type(error).__name__,
        "facts": [_plain(fact) for fact in cast("tuple[Any, ...]", facts)],
        "detail": str(error),
    }


def error_of(problem: object) -> ObjstoreError | None:
    """The error that JSON tells of, or None: it tells of none that is known here."""
    if not isinstance(problem, dict):
        return None
    told = cast("dict[str, Any]", problem)
    name, facts = told.get("error"), told.get("facts")
    if (
        not isinstance(name, str)
        or name not in errors.__all__
        or not isinstance(facts, list)
        or len(cast("list[Any]", facts)) > MAX_FACTS
    ):
        return None
    try:
        made = getattr(errors, name)(*[_fact(fact, 0) for fact in cast("list[Any]", facts)])
        str(made)  # one that cannot say its facts has facts of another type
    except Exception:  # noqa: BLE001 - whatever a stranger's facts do to a constructor
        return None
    return cast("ObjstoreError", made)


def _plain(fact: object) -> Any:
    if isinstance(fact, bytes):
        return {"hex": fact.hex()}
    if isinstance(fact, tuple | list):
        return [_plain(each) for each in cast("tuple[object, ...]", fact)]
    return fact if fact is None or isinstance(fact, str | int | bool) else str(fact)


def _fact(plain: object, depth: int) -> Any:
    if isinstance(plain, Mapping):
        return bytes.fromhex(cast("Mapping[str, str]", plain)["hex"])
    if isinstance(plain, list):
        if depth == MAX_DEPTH:
            raise ValueError("facts are nested too deep")
        return tuple(_fact(each, depth + 1) for each in cast("list[object]", plain))
    return plain
