"""Settings as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from objstore.errors import UnreadableSettings
from objstore.settings.environment import parse_json
from objstore.settings.text.items import Item, Read
from objstore.settings.text.nesting import flatten, nest


def encode_json(items: Mapping[str, Item]) -> str:
    """The text. InvalidSetting."""
    return json.dumps(nest(items), ensure_ascii=False, indent=2) + "\n"


def decode_json(text: str) -> dict[str, Read]:
    """What the text holds by key. UnreadableSettings, InvalidSetting."""
    try:
        table = parse_json(text)
    except RecursionError:
        raise UnreadableSettings("JSON", "it is nested too deep") from None
    except ValueError as error:
        raise UnreadableSettings("JSON", str(error)) from None
    if not isinstance(table, dict):
        raise UnreadableSettings("JSON", "it holds no object")
    return flatten(table)
