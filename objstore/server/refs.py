"""Refs that carry files or settings: a conversation's own, or those of a name of their own."""

from __future__ import annotations

from typing import Final

from objstore.access.grant import Verb
from objstore.errors import ObjstoreError, UnknownConversation, UnknownSettings, UnknownWorkspace
from objstore.files.workspace import Workspace
from objstore.server.endpoint import Call
from objstore.settings.settings import Settings
from objstore.store import Store

_UNKNOWN: Final = {
    "conversations": UnknownConversation,
    "files": UnknownWorkspace,
    "settings": UnknownSettings,
}


def unknown(kind: str, name: str) -> ObjstoreError:
    """The error of a name that is not there."""
    return _UNKNOWN[kind](name)


def readable_store(call: Call, kind: str) -> Store:
    """The store, if the caller may read the ref of this kind that the path names."""
    name = call.path["name"]
    call.need_read(f"{kind}/{name}", unknown(kind, name))
    return call.tenant.store


def writable_store(call: Call, kind: str, verb: Verb) -> Store:
    """The store for writing, if the caller has the verb on the ref of this kind that the path names."""
    call.need(verb, f"{kind}/{call.path['name']}")
    return call.store


def files_of(store: Store, kind: str, name: str) -> Workspace:
    """The files of a ref. UnknownWorkspace, UnknownConversation."""
    return store.files.open(name) if kind == "files" else store.conversations.open(name).files


def settings_of(store: Store, kind: str, name: str) -> Settings:
    """The settings of a ref. UnknownSettings, UnknownConversation."""
    return store.settings.open(name) if kind == "settings" else store.conversations.open(name).settings
