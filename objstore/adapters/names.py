"""Other people's names as names of ours: any text becomes one component of a ref or path, and comes back exactly.

Letters, digits, "_", "-" and "@" stay as they are, so that ids and words remain readable; every other character is
percent-encoded, "." too. So a name with a suffix (".json") can never be that of a folder.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_EMPTY = "%"  # Of no other text: a percent sign is followed by two digits.
_DEVICE = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.IGNORECASE)


def encode_name(text: str) -> str:
    """One component for a text. What is longer than 255 bytes then is refused where it is used."""
    if not text:
        return _EMPTY
    name = quote(text, safe="@", errors="surrogatepass").replace(".", "%2E").replace("~", "%7E")
    # "@" alone is no ref, and some systems take these words for devices, whatever the suffix.
    return f"%{ord(name[0]):02X}{name[1:]}" if name == "@" or _DEVICE.fullmatch(name) else name


def decode_name(name: str) -> str:
    """The text that a component stands for."""
    return "" if name == _EMPTY else unquote(name, errors="surrogatepass")
