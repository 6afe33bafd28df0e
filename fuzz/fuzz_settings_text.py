"""Fuzz the readers of settings files: what one reads it writes and reads again as the same, all else is an error of ours.

The first byte chooses the format. python -m fuzz.fuzz_settings_text [ATHERIS OPTIONS] fuzz/corpus/settings_text
(without atheris: the corpus alone)
"""

from __future__ import annotations

from fuzz.harness import run, traced

with traced("objstore.settings.text"):
    from objstore.settings.text.formats import FORMATS, decode_text, encode_text

from objstore.errors import InvalidSetting, InvalidValue, UnreadableSettings
from objstore.settings.environment import read_text
from objstore.settings.text.items import Worded


def check(data: bytes) -> None:
    """One input; AssertionError or any other exception is a find."""
    form = FORMATS[data[0] % len(FORMATS)] if data else "json"
    try:
        found = decode_text(data[1:].decode("utf-8"), form)
    except (UnicodeDecodeError, UnreadableSettings, InvalidSetting, InvalidValue):
        return
    items = {key: read_text(item.text) if isinstance(item, Worded) else item for key, item in found.items()}
    try:
        text = encode_text(items, form)
    except InvalidSetting:  # two keys that cannot stand together, or one that the format cannot hold
        return
    again = {
        key: read_text(item.text) if isinstance(item, Worded) else item for key, item in decode_text(text, form).items()
    }
    assert repr(again) == repr(items), "what was read is written as something else"


if __name__ == "__main__":
    run(check, "settings_text")
