"""docs/reference/http-api.md, written from the endpoints. To write it anew: python -m tests.server.reference"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from objstore import errors
from objstore.server.openapi import ENDPOINTS
from objstore.server.statuses import status_of
from tests.test_errors import made

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http-api.md"
HEAD = """# HTTP API

What `objstore serve` answers ([how to run it](../how-to/run-a-server.md)). Paths stand behind `https://HOST/TENANT/v1`;
`/openapi.json` has the same as an OpenAPI document, with every shape. A test compares this page with the server.

- A request needs `Authorization: Bearer TOKEN`. Bodies and answers are JSON, but for contents of files.
- Names in paths are percent-encoded, their slashes too: `team/a` is `team%2Fa`.
- Lists come in pages: `next` is what the next request gives as `after`, `start` or `at`; null at the end.
- A moment (`at`) is a number of events, `#3`, `~2`, `@{2 hours ago}`, a time, or the whole id of a commit of this history.
- An error is `application/problem+json`: `error` and `facts` as in [errors](errors.md), `detail` in words.

"""


def page() -> str:
    """The whole page."""
    return HEAD + _operations() + _statuses()


def _operations() -> str:
    lines = ["## Operations", "", "| | | needs | query | body |", "|---|---|---|---|---|"]
    for each in ENDPOINTS:
        body = "bytes" if each.upload or each.exchange else _fields(each.body)
        query = _fields(each.query)
        lines.append(
            f"| `{each.method} {each.path if each.under == '/{tenant}/v1' else 'https://HOST/TENANT' + each.path}` | {each.summary} | {each.verbs} | {query} | {body} |"
        )
    return "\n".join(lines) + "\n\n"


def _fields(shape: Any) -> str:
    if shape is None:
        return ""
    return ", ".join(f"`{name}`" + ("" if field.is_required() else "?") for name, field in shape.model_fields.items())


def _statuses() -> str:
    by_status: dict[int, list[str]] = {}
    for name in sorted(set(errors.__all__) - {"ObjstoreError"}):
        by_status.setdefault(status_of(made(name)), []).append(f"`{name}`")
    lines = ["## Statuses", "", "| status | errors |", "|---|---|"]
    lines += [f"| {status} | {', '.join(names)} |" for status, names in sorted(by_status.items())]
    note = "Of errors with 500 and above only `ServerBusy` has facts: what is wrong inside is in the server's log."
    return "\n".join([*lines, "", note]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
