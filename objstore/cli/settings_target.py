"""The settings that a command works on: NAME's, or a conversation's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from objstore.settings.settings import Settings
    from objstore.settings.view import SettingsView
    from objstore.store import Store


def open_settings(store: Store, name: str | None, conversation: str | None, create: bool = False) -> Settings:
    """Open them. UnknownSettings, UnknownConversation."""
    if conversation is not None:
        return store.conversations.open(conversation, create=create).settings
    assert name is not None, "without --conversation the argument is required"
    return store.settings.open(name, create=create)


def view_of(found: Settings, at: int | str | None) -> SettingsView:
    """The settings at a moment, by default now. Errors of `Settings.at`."""
    return found.at("~0" if at is None else at)


def open_named(store: Store, words: str) -> Settings:
    """Settings that are named in one word: NAME, or conversations/NAME."""
    space, slash, rest = words.partition("/")
    if slash and space == "conversations":
        return store.conversations.open(rest).settings
    return store.settings.open(rest if slash and space == "settings" else words)
