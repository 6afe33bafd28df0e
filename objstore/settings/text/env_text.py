r"""Settings as a .env file: NAME=text lines, in the dialect that shells, Docker Compose and dotenv libraries share.

The key llm.api_key is LLM__API_KEY behind a prefix; a key that does not come back from such a name is refused. A value
is the text that `environment.read_text` reads: JSON, or itself. Text stands bare where it is plain, else in single
quotes, where it is all meant as it stands, else (readers differ about ' and \ in those) in double quotes with
\\ \" \$ \` \n \r \t. Variables are not expanded, and where a file would have them expanded it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from objstore.errors import InvalidSetting, InvalidValue, UnreadableSettings
from objstore.settings.environment import variable_names, write_text
from objstore.settings.keys import SEPARATOR, check_setting_key
from objstore.settings.text.items import Item, Read, Reference, Worded

_BARE: Final = re.compile(r"[A-Za-z0-9_./:@%+,-]*", re.ASCII)
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "$": "\\$", "`": "\\`", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MEANINGS: Final = {code[1]: text for text, code in _ESCAPES.items()}
_REFERENCE: Final = re.compile(r"\$\{OBJSTORE_SECRET:([A-Za-z0-9_.-]+)\}", re.ASCII)
_ASSIGNMENT: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*", re.ASCII)
_SKIPPED: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_QUOTED: Final = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_PLAIN: Final = re.compile(r"[^\n]*")


def encode_env(items: Mapping[str, Item], prefix: str) -> str:
    """The text. InvalidSetting: a key that its name does not give back."""
    return "".join(f"{prefix}{_name(key)}={_written(item)}\n" for key, item in items.items())


def _name(key: str) -> str:
    name = variable_names(key)[0]
    if _key_of(name) != key:
        reason = "cannot be a variable's name: write it in small letters without -, and no _ doubled or before a dot"
        raise InvalidSetting(key, reason)
    return name


def _key_of(name: str) -> str:
    return name.lower().replace("__", SEPARATOR)


def _written(item: Item) -> str:
    if isinstance(item, Reference):
        return f"${{OBJSTORE_SECRET:{item.key}}}"
    text = write_text(item)
    if _BARE.fullmatch(text):
        return text
    if "'" not in text and "\\" not in text and text.isprintable():  # \\ means different things in single quotes
        return f"'{text}'"
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in text) + '"'


def decode_env(text: str, prefix: str) -> dict[str, Read]:
    """What the lines with the prefix hold by key. UnreadableSettings, with the line; InvalidSetting: given twice."""
    found: dict[str, Read] = {}
    for name, item in _assignments(text.replace("\r\n", "\n")):
        if not name.startswith(prefix) or name == prefix:
            continue
        key = _key_of(name[len(prefix) :])
        try:
            check_setting_key(key)
        except InvalidValue as error:
            raise InvalidSetting(key, f"{error.reason} (from {name})") from None
        if key in found:
            raise InvalidSetting(key, f"is given twice, by {name} the second time")
        found[key] = Worded(item, name) if isinstance(item, str) else item
    return dict(sorted(found.items()))


def _assignments(text: str) -> Iterator[tuple[str, str | Reference]]:
    at = 0
    while at < len(text):
        skipped = _SKIPPED.match(text, at)
        if skipped is not None:
            at = skipped.end()
            continue
        head = _ASSIGNMENT.match(text, at)
        if head is None:
            raise _fault(text, at, "is no NAME=value")
        item, at = _value(text, head.end())
        yield head[1], item


def _value(text: str, at: int) -> tuple[str | Reference, int]:
    """The value that begins at a place, and the place of the next line."""
    quotes = _QUOTED.match(text, at)
    if quotes is not None:
        rest = _SKIPPED.match(text, quotes.end())
        if rest is None:
            raise _fault(text, at, "goes on behind its closing quote")
        return (quotes[1] if quotes[1] is not None else _unescaped(text, at, quotes[2])), rest.end()
    line = _PLAIN.match(text, at)
    assert line is not None, "the pattern matches the empty text"
    value = re.split(r"[ \t]#|^#", line[0], maxsplit=1)[0].strip()
    reference = _REFERENCE.fullmatch(value)
    if reference is not None:
        return Reference(reference[1]), line.end() + 1
    if value[:1] in ("'", '"'):
        raise _fault(text, at, "has a quote that is not closed")
    if "$" in value or "`" in value or "\\" in value:
        raise _fault(text, at, "has $, ` or \\, which mean something to a shell: put the value in single quotes")
    return value, line.end() + 1


def _unescaped(text: str, at: int, body: str) -> str:
    def meaning(found: re.Match[str]) -> str:
        letter = _MEANINGS.get(found[1])
        if letter is None:
            raise _fault(text, at, f"has \\{found[1]}, which means nothing here")
        return letter

    if re.search(r"(?<!\\)(?:\\\\)*[$`]", body):
        raise _fault(text, at, "has $ or ` within double quotes: write \\$, or use single quotes")
    return re.sub(r"\\(.)", meaning, body, flags=re.DOTALL)


def _fault(text: str, at: int, what: str) -> UnreadableSettings:
    return UnreadableSettings(".env file", f"line {text.count(chr(10), 0, at) + 1} {what}")
