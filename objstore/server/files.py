"""Files over HTTP: list a folder, read a file or a range of it, write, delete; of workspaces and of conversations."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from objstore.errors import InvalidRequest
from objstore.files.view import FilesView
from objstore.server.endpoint import Call, Endpoint, NoQuery, Reply, Shape, Upload
from objstore.server.named import Make, Names, NamesQuery, drop_named, list_names, make_named
from objstore.server.refs import files_of, readable_store, writable_store
from objstore.server.shapes import MomentText, Moved, Named, commit_json, moment_of

_PIECE: Final = 1 << 20
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
PathText = Annotated[str, Field(min_length=1, max_length=4096, description="A path, as in src/app.py.")]


class FolderQuery(Shape):
    """Which folder ("" is the top), and how much of it."""

    folder: Annotated[str, Field(max_length=4096)] = ""
    after: Annotated[str, Field(max_length=4096, description="The last name of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    at: MomentText | None = None


class File(BaseModel):
    """One name in a folder. A folder has neither mode, size nor content."""

    name: str
    path: str
    folder: bool
    mode: int | None
    size: int | None
    content: str | None


class Folder(BaseModel):
    """A page of a folder; `next` is the `after` of the next one, or null."""

    files: list[File]
    next: str | None


class ReadQuery(Shape):
    """Which file, at which moment."""

    path: PathText
    at: MomentText | None = None


class WriteQuery(Shape):
    """Where the body goes."""

    path: PathText
    mode: Annotated[int, Field(ge=0, le=0o777, description="Permission bits.")] = 0o644
    message: Annotated[str, Field(max_length=1000)] = ""


class DeleteQuery(Shape):
    """What is deleted."""

    path: PathText
    recursive: Annotated[bool, Field(description="Also a folder, with all that is in it.")] = False
    message: Annotated[str, Field(max_length=1000)] = ""


def _view(call: Call, kind: str, at: str | None) -> FilesView:
    found = files_of(readable_store(call, kind), kind, call.path["name"])
    return found.at(moment_of(at) or "~0")


def _folder(kind: str, call: Call, query: FolderQuery, body: None) -> Reply:
    del body
    listed = list(_view(call, kind, query.at).list(query.folder, after=query.after, limit=query.limit + 1))
    more = len(listed) > query.limit
    rows: list[dict[str, Any]] = []
    for each in listed[: query.limit]:
        info = None if each.is_folder else each.info
        rows.append(
            {
                "name": each.name,
                "path": each.path,
                "folder": each.is_folder,
                "mode": None if info is None else info.mode,
                "size": None if info is None else info.size,
                "content": None if info is None else info.oid.hex(),
            }
        )
    return Reply({"files": rows, "next": listed[query.limit - 1].name if more else None})


def _read(kind: str, call: Call, query: ReadQuery, body: None) -> Reply:
    del body
    view = _view(call, kind, query.at)
    info = view.info(query.path)
    if stat.S_ISDIR(info.mode):
        raise InvalidRequest("path", "it is an empty folder")
    start, stop = _range(call.range, info.size)
    headers = [
        ("etag", f'"{info.oid.hex()}"'),
        ("accept-ranges", "bytes"),
        ("content-length", str(stop - start)),
        # Somebody else wrote it: no browser may take it for a page of this server.
        ("content-disposition", "attachment"),
        ("x-objstore-mode", f"{info.mode:o}"),
    ]
    if (start, stop) == (0, info.size) and not call.range:
        return Reply(pieces=view.chunks(query.path), headers=tuple(headers))
    if start >= stop:
        return Reply(pieces=iter(()), status=416, headers=(("content-range", f"bytes */{info.size}"),))
    headers.append(("content-range", f"bytes {start}-{stop - 1}/{info.size}"))
    return Reply(pieces=_pieces(view, query.path, start, stop), status=206, headers=tuple(headers))


def _pieces(view: FilesView, path: str, start: int, stop: int) -> Iterator[bytes]:
    for at in range(start, stop, _PIECE):
        yield view.read(path, at, min(_PIECE, stop - at))


def _range(text: str, size: int) -> tuple[int, int]:
    """The bytes that a Range header asks for; all of them where it is none that is understood."""
    match = _RANGE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return 0, size
    if not match[1]:
        return max(0, size - int(match[2])), size
    return int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)


def _write(kind: str, call: Call, query: WriteQuery, body: Upload) -> Reply:
    files = files_of(writable_store(call, kind, "append"), kind, call.path["name"])
    with files.commit(query.message, why="write") as draft, draft.open(query.path, mode=query.mode) as file:
        shutil.copyfileobj(body, file, _PIECE)
    return Reply({"head": commit_json(draft.done)})


def _delete(kind: str, call: Call, query: DeleteQuery, body: None) -> Reply:
    del body
    files = files_of(writable_store(call, kind, "append"), kind, call.path["name"])
    done = files.delete(query.path, recursive=query.recursive, message=query.message)
    return Reply({"head": commit_json(done)})


def _of(kind: str, what: str) -> tuple[Endpoint[Any, Any], ...]:
    """The endpoints of the files of a kind of refs."""

    def bound(work: Callable[..., Reply]) -> Callable[..., Reply]:
        return partial(work, kind)

    one, content = f"/{kind}/{{name}}/tree", f"/{kind}/{{name}}/content"
    return (
        Endpoint("GET", one, f"List a folder of {what}", bound(_folder), FolderQuery, reply=Folder, verbs="read"),
        Endpoint(
            "GET",
            content,
            f"Read a file of {what}, or a range of it",
            bound(_read),
            ReadQuery,
            stream="application/octet-stream",
            verbs="read",
            errors=(206, 416),
        ),
        Endpoint(
            "PUT",
            content,
            f"Write a file of {what}",
            bound(_write),
            WriteQuery,
            upload=True,
            reply=Moved,
            verbs="append",
        ),
        Endpoint(
            "DELETE", content, f"Delete a file of {what}", bound(_delete), DeleteQuery, reply=Moved, verbs="append"
        ),
    )


ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    Endpoint(
        "GET",
        "/files",
        "List the workspaces that may be read",
        partial(list_names, "files"),
        NamesQuery,
        reply=Names,
        verbs="read",
    ),
    Endpoint(
        "POST",
        "/files",
        "Make a workspace",
        partial(make_named, "files"),
        NoQuery,
        Make,
        reply=Named,
        status=201,
        verbs="create",
    ),
    Endpoint(
        "DELETE",
        "/files/{name}",
        "Delete a workspace; its log stays",
        partial(drop_named, "files"),
        NoQuery,
        status=204,
        verbs="delete",
    ),
    *_of("files", "a workspace"),
    *_of("conversations", "a conversation"),
)
