"""Which paths a tree of files may have: relative, with "/" between names, safe to write on any of the usual systems.

One validator for every door: writing, receiving, checking and checkout. What a system of today would take for another
file than it says (a device, a folder above, git's or our own folder in disguise) is refused; names that merely
collide on some systems are not, because that is a matter of siblings (`siblings_collide`).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable

from objstore.errors import InvalidPath

MAX_NAME = 255
"""Bytes of UTF-8 in one name."""

MAX_PATH = 4096
"""Bytes of UTF-8 in a path: what a key of a tree may have."""

_PLAIN_NAME = r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|/|$))[A-Za-z0-9_][A-Za-z0-9_.+@=,-]{0,200}(?<!\.)"
_PLAIN = re.compile(rf"{_PLAIN_NAME}(?:/{_PLAIN_NAME}){{0,15}}")  # What needs no further look: nearly every path.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:[.:].*)?", re.IGNORECASE | re.DOTALL
)
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HIDDEN_NAMES = frozenset({".git", "git~1", ".objstore", "objsto~1"})
_TEMPORARY = re.compile(r"\.objstore-tmp-[0-9a-f]{16}")
# Code points that HFS+ drops from names before it compares them.
_IGNORED = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


def check_path(path: str) -> str:
    """The path itself if it is one that a tree may have. InvalidPath says why not."""
    if _PLAIN.fullmatch(path):
        return path
    for number, name in enumerate(path.split("/")):
        reason = name_fault(name, top=number == 0)
        if reason:
            raise InvalidPath(path, reason)
    if len(path) > MAX_PATH // 4 and len(path.encode()) > MAX_PATH:
        raise InvalidPath(path, f"it has more than {MAX_PATH} bytes")
    return path


def name_fault(name: str, *, top: bool = False) -> str:
    """Why a tree may not have this name in a path (`top`: as its first one), or ""."""
    if "/" not in name and _PLAIN.fullmatch(name):
        return ""
    if not name:
        return "it is absolute, or has an empty name in it"
    if name in (".", ".."):
        return f"it has {name!r} in it"
    if "\\" in name:
        return "it has a backslash in it"
    if "/" in name:
        return "it has a slash within a name"
    if _CONTROL.search(name):
        return "it has a control character in it"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if size > MAX_NAME:
        return f"it has a name of more than {MAX_NAME} bytes in it"
    if name[-1] in ". ":
        return "it has a name in it that ends in a dot or a space"
    if _DEVICE.fullmatch(name):
        return f"{name!r} is a device on Windows"
    if top and _DRIVE.match(name):
        return "it begins with a drive letter"
    return _disguise(name)


is_plain_name = re.compile(_PLAIN_NAME).fullmatch
"""Whether a name from the operating system is one that nothing can be said against; of others `name_fault` decides."""


def is_temporary(name: str) -> bool:
    """Whether a checkout makes files of this name on the way; a crash may leave one behind."""
    return name.startswith(".objstore-tmp-") and _TEMPORARY.fullmatch(name) is not None


def fold(path: str) -> str:
    """What a file system that folds case and normalises Unicode makes of a path: equal for paths that collide there."""
    return (
        path.lower() if path.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
    )


def siblings_collide(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different names of one folder that are one file where case and normalisation are folded."""
    first: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for name in names:
        other = first.setdefault(fold(name), name)
        if other != name:
            pairs.append((other, name))
    return pairs


def readable(path: str) -> str:
    """A path from the operating system as text that can be shown and encoded: bytes that are no UTF-8 as \\xNN."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _disguise(name: str) -> str:
    """Whether a file system would take a name for git's folder, for ours, or for a temporary file of ours."""
    plain = unicodedata.normalize("NFKC", name).translate(_IGNORED).casefold()
    bare = plain.partition(":")[0].rstrip(". ")
    if bare in _HIDDEN_NAMES:
        return f"{name!r} is, or may be taken for, a folder of git's or objstore's own"
    if _TEMPORARY.fullmatch(plain):
        return f"{name!r} is a name of temporary files"
    return ""
