"""Values on the command line: JSON where it is, else text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from objstore.objects.values import JsonValue


def json_or_text(text: str) -> JsonValue:
    """JSON if it is, else the text. BadParameter: JSON that cannot be kept, as with a key given twice."""
    from objstore.importers.strict_json import BadJson, parse

    try:
        return cast("JsonValue", parse(text.encode("utf-8", "surrogateescape"), "VALUE"))
    except BadJson as error:
        if error.syntax or not text.lstrip().startswith(("{", "[")):
            return text
        raise click.BadParameter(f"{error}. With --text it is text", param_hint="VALUE") from None


def pairs(given: Sequence[str], option: str) -> dict[str, JsonValue]:
    """Words of the form KEY=VALUE. BadParameter."""
    found: dict[str, JsonValue] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not of the form KEY=VALUE", param_hint=option)
        found[key] = json_or_text(value)
    return found
