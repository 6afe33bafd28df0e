"""LangGraph's long-term memory in a store: each item a JSON file of one workspace, each batch of puts a commit.

    memory = ObjstoreStore(objstore.open("path", create=True))
    graph = builder.compile(store=memory)

The item `color` in the namespace ("users", "ann") is the file `users/ann/color.json`: its history can be shown, compared
and undone like that of any file. A query ranks items by the words that they share with it, not by meaning.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
)

from objstore.adapters.langgraph.matching import fits, matches, shared_words, words_of
from objstore.adapters.names import decode_name, encode_name
from objstore.errors import UnknownPath
from objstore.files.view import FilesView
from objstore.files.workspace import Workspace
from objstore.store import Store

_SUFFIX = ".json"
Namespace = tuple[str, ...]


class ObjstoreStore(BaseStore):
    """Items in a workspace. Safe between threads and processes; the store is the caller's to close."""

    def __init__(
        self, store: Store, *, workspace: str = "langgraph", now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`workspace` names the files that the items are; it is made when it is first written to."""
        self.store = store
        self.workspace = workspace
        self._now = now

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do several things: what is asked for is answered as things stood before; what is put is one commit.

        TypeError: a value is not JSON. InvalidPath: a name in a namespace, or a key, is too long. Nothing was put then.
        """
        wanted = list(ops)
        workspace = self.store.files.open(self.workspace, create=True)
        view = workspace.at("~0")
        results = [self._answer(view, op) for op in wanted]
        puts = {(op.namespace, op.key): op for op in wanted if isinstance(op, PutOp)}
        while puts:
            try:
                self._put(workspace, view, puts.values())
                break
            except UnknownPath:  # Another writer deleted what is to be deleted here.
                view = workspace.at("~0")
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """As `batch`, in a thread."""
        return await asyncio.to_thread(self.batch, ops)

    def _answer(self, view: FilesView, op: Op) -> Result:
        if isinstance(op, GetOp):
            return read_item(view, op.namespace, op.key)
        if isinstance(op, SearchOp):
            return search(view, op)
        if isinstance(op, ListNamespacesOp):
            return namespaces(view, op)
        return None

    def _put(self, workspace: Workspace, view: FilesView, puts: Iterable[PutOp]) -> None:
        now = self._now()
        written: dict[str, bytes | None] = {}
        for op in puts:
            before = read_item(view, op.namespace, op.key)
            if op.value is not None:
                times = {
                    "created_at": (before.created_at if before else now).isoformat(),
                    "updated_at": now.isoformat(),
                }
                text = json.dumps({"value": op.value, **times}, ensure_ascii=False, indent=1)
                written[path_of(op.namespace, op.key)] = text.encode("utf-8", "surrogatepass")
            elif before is not None:
                written[path_of(op.namespace, op.key)] = None
        if not written:
            return
        with workspace.commit(f"{len(written)} items of LangGraph") as draft:
            for path, data in written.items():
                if data is None:
                    draft.delete(path)
                else:
                    draft.write(path, data)


def folder_of(namespace: Namespace) -> str:
    """The folder of a namespace, with a slash behind each name."""
    return "".join(f"{encode_name(part)}/" for part in namespace)


def path_of(namespace: Namespace, key: str) -> str:
    """The file of an item."""
    return f"{folder_of(namespace)}{encode_name(key)}{_SUFFIX}"


def place_of(path: str) -> tuple[Namespace, str]:
    """Namespace and key of a file."""
    *folders, name = path.removesuffix(_SUFFIX).split("/")
    return tuple(map(decode_name, folders)), decode_name(name)


def read_item(view: FilesView, namespace: Namespace, key: str) -> Item | None:
    """An item, made afresh, or None."""
    try:
        data = view.read(path_of(namespace, key))
    except UnknownPath:
        return None
    return Item(key=key, namespace=namespace, **_fields(data))


def items_below(view: FilesView, prefix: Namespace) -> Iterator[tuple[Namespace, str, dict[str, Any]]]:
    """Namespace, key and fields of the items whose namespaces begin with a prefix."""
    for info in view.find(folder_of(prefix)):
        if info.path.endswith(_SUFFIX):
            yield *place_of(info.path), _fields(view.read(info.path))


def search(view: FilesView, op: SearchOp) -> list[SearchItem]:
    """What a search finds: by how much of the query is in it, then the newest first; without a query by place."""
    query = words_of(op.query or "")
    found: list[SearchItem] = []
    for namespace, key, fields in items_below(view, op.namespace_prefix):
        if fits(fields["value"], op.filter or {}):
            score = shared_words(query, fields["value"]) if query else None
            found.append(SearchItem(namespace=namespace, key=key, score=score, **fields))
    if query:
        found.sort(key=lambda item: (item.score or 0, item.updated_at), reverse=True)
    return found[op.offset : op.offset + op.limit]


def namespaces(view: FilesView, op: ListNamespacesOp) -> list[Namespace]:
    """The namespaces that have items and match, in order, cut to a depth."""
    there = {place_of(info.path)[0] for info in view if info.path.endswith(_SUFFIX)}
    matching = {each for each in there if all(matches(each, condition) for condition in op.match_conditions or ())}
    cut = sorted({each[: op.max_depth] for each in matching})
    return cut[op.offset : op.offset + op.limit]


def _fields(data: bytes) -> dict[str, Any]:
    fields = cast("Mapping[str, Any]", json.loads(data.decode("utf-8", "surrogatepass")))
    times = {name: datetime.fromisoformat(fields[name]) for name in ("created_at", "updated_at")}
    return {"value": fields["value"], **times}
