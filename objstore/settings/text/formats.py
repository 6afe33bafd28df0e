"""The formats by name, and by the name of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final, Literal

from objstore.errors import UnreadableSettings
from objstore.settings.text.env_text import decode_env, encode_env
from objstore.settings.text.items import Item, Read, Reference, check_read, check_text
from objstore.settings.text.json_text import decode_json, encode_json
from objstore.settings.text.toml_text import decode_toml, encode_toml
from objstore.settings.text.yaml_text import decode_yaml, encode_yaml

Format = Literal["toml", "json", "yaml", "env"]
FORMATS: Final[tuple[Format, ...]] = ("toml", "json", "yaml", "env")

_SUFFIXES: Final[Mapping[str, Format]] = {
    ".toml": "toml",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".env": "env",
}
_MAX_CHARACTERS: Final = 16 << 20


def format_of(name: str) -> Format | None:
    """The format that a file's name tells, or None: settings.toml, .env, .env.local, prod.env."""
    path = PurePath(name)
    if path.name == ".env" or path.name.startswith(".env."):
        return "env"
    return _SUFFIXES.get(path.suffix.lower())


def encode_text(items: Mapping[str, Item], format: Format, prefix: str = "") -> str:  # noqa: A002 - what it is
    """Values by key as a text. `prefix`: of the variables' names in .env. InvalidSetting: one that the format lacks."""
    for key, item in items.items():
        if not isinstance(item, Reference):
            check_text(key, item)
    match format:
        case "toml":
            return encode_toml(items)
        case "json":
            return encode_json(items)
        case "yaml":
            return encode_yaml(items)
        case "env":
            return encode_env(items, prefix)


def decode_text(text: str, format: Format, prefix: str = "") -> dict[str, Read]:  # noqa: A002 - what it is
    """What a text holds by key. UnreadableSettings, InvalidSetting, InvalidValue."""
    if len(text) > _MAX_CHARACTERS:
        raise UnreadableSettings(format, f"it has {len(text):,} characters; at most {_MAX_CHARACTERS:,} are read")
    match format:
        case "toml":
            found = decode_toml(text)
        case "json":
            found = decode_json(text)
        case "yaml":
            found = decode_yaml(text)
        case "env":
            found = decode_env(text, prefix)
    check_read(found)
    return found
