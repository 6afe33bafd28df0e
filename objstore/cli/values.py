"""Values of settings as the command line reads and prints them: JSON, or text; secrets as masks."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import click

from objstore.cli.session import Session

if TYPE_CHECKING:
    from objstore.objects.values import JsonValue


def for_json(value: object) -> object:
    """A value for --json: a secret as {"$secret": KEY}, what is not set as null."""
    from objstore.settings.changes import UNSET
    from objstore.settings.secret import Secret

    if isinstance(value, Secret):
        return {"$secret": value.key}
    return None if value is UNSET else value


def for_people(value: object) -> str:
    """A value in one line: a secret as a mask, anything else as JSON."""
    from objstore.settings.secret import Secret

    return str(value) if isinstance(value, Secret) else json.dumps(value, ensure_ascii=False)


def pairs(given: Sequence[str], option: str) -> dict[str, JsonValue]:
    """The values of an option of the form KEY=VALUE. BadParameter."""
    found: dict[str, JsonValue] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} is not of the form KEY=VALUE", param_hint=option)
        found[key] = json_or_text(value)
    return found


def json_or_text(text: str) -> JsonValue:
    """JSON if it is, else the text. BadParameter: JSON that cannot be kept, as with a key given twice."""
    from objstore.importers.strict_json import BadJson, parse

    try:
        return cast("JsonValue", parse(text.encode("utf-8", "surrogateescape"), "VALUE"))
    except BadJson as error:
        if error.syntax or not text.lstrip().startswith(("{", "[")):
            return text
        raise click.BadParameter(f"{error}. With --text it is text", param_hint="VALUE") from None


def hidden_input(what: str) -> str:
    """A secret from the terminal, unseen and twice, or from standard input, without the end of its last line."""
    if sys.stdin.isatty():
        return click.prompt(what, hide_input=True, confirmation_prompt=True)
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


@contextmanager
def keys_told(current: Session) -> Generator[None, None, None]:
    """Tell people of a key that is made within the block, which the library warns of."""
    from objstore.keys.source import KeyWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", KeyWarning)
        yield
    for each in caught:
        if isinstance(each.message, KeyWarning):
            current.warn(f"objstore: {each.message}")
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
