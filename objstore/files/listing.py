"""Listing a tree of files: one folder at a time, and by glob pattern. What is not asked for is passed over unread."""

from __future__ import annotations

from collections.abc import Iterator

from objstore.files.info import FileInfo, Listed
from objstore.files.pattern import compile_pattern
from objstore.objects.kinds import Oid
from objstore.objects.trees import Entry, NodeReader, prefix_stop, scan


def is_folder_path(root: Oid, nodes: NodeReader, prefix: bytes) -> bool:
    """Whether anything is below a folder, given with its slash."""
    return next(scan(root, nodes, prefix, prefix_stop(prefix)), None) is not None


def list_folder(root: Oid, nodes: NodeReader, prefix: str, after: str = "") -> Iterator[Listed]:
    """The names of a folder (`prefix` ends in a slash, or is "") that come after the name `after`, in the order of
    their paths. A folder within costs one descent, whatever is in it."""
    begin = prefix.encode()
    start, stop = begin, prefix_stop(begin) if begin else None
    if after:
        start = _behind(root, nodes, begin + after.encode())
    while True:
        for key, entry in scan(root, nodes, start, stop):
            slash = key.find(b"/", len(begin))
            if slash < 0:
                info = info_of(key, entry)
                yield Listed(info.path[len(prefix) :], info.path, info)
                continue
            path = key[:slash].decode()
            yield Listed(path[len(prefix) :], path, None)
            start = _past(key[:slash])
            break
        else:
            return


def glob(root: Oid, nodes: NodeReader, text: str) -> Iterator[FileInfo]:
    """The files whose paths a pattern matches, by path. InvalidPattern."""
    pattern = compile_pattern(text)
    start = pattern.prefix.encode()
    stop = prefix_stop(start) if start else None
    matches = pattern.regex.fullmatch
    while True:
        for key, entry in scan(root, nodes, start, stop):
            if pattern.depth is not None and key.count(b"/") >= pattern.depth:
                start = _past(b"/".join(key.split(b"/")[: pattern.depth]))
                break
            path = key.decode()
            if matches(path):
                yield FileInfo(path, entry.mode, entry.size, entry.oid)
        else:
            return


def info_of(key: bytes, entry: Entry) -> FileInfo:
    """What is told of an entry."""
    return FileInfo(key.decode(), entry.mode, entry.size, entry.oid)


def _behind(root: Oid, nodes: NodeReader, key: bytes) -> bytes:
    """The first key behind a name: behind all that is in it, if it is a folder."""
    return _past(key) if is_folder_path(root, nodes, key + b"/") else key + b"\0"


def _past(folder: bytes) -> bytes:
    """The first key behind all that is in a folder: "0" comes next to "/"."""
    return folder + b"0"
