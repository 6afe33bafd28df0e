"""The state of a conversation where objstore keeps it: in the settings of its commits, below `openhands.state`."""

from __future__ import annotations

import json
from typing import Final, cast

from objstore.adapters.openhands.state_parts import Parts, Shape, cut, decode_exactly, encode_text, join
from objstore.conversations.draft import ConversationDraft
from objstore.conversations.view import ConversationView
from objstore.objects.kinds import Oid
from objstore.objects.values import JsonValue

_SHAPE: Final = "openhands.shape"
_VALUES: Final = "openhands.state."


class StoredState:
    """The state's text, as of the tree of settings that was seen last. Its owner guards it."""

    def __init__(self) -> None:
        self._root: Oid | None = None
        self._texts: dict[str, str] = {}
        self._shape: Shape | None = None
        self._text: str | None = None

    def read(self, view: ConversationView) -> str | None:
        """The text at a moment, or None where no state is kept in settings. CorruptObject, MissingObject."""
        self._load(view)
        return self._text

    def is_there(self, view: ConversationView) -> bool:
        """Whether there is a state in the settings of a moment."""
        self._load(view)
        return self._shape is not None

    def change(self, view: ConversationView, text: str | None, draft: ConversationDraft) -> Parts | None:
        """Have a draft on a view set the text (None: remove it), by what differs; its parts.

        None: it is no text that can be kept in parts; then the draft removes what is there.
        """
        self._load(view)
        parts = None if text is None else _parts(text)
        texts = {} if parts is None else parts.texts
        for key in self._texts.keys() - texts.keys():
            draft.settings.unset(_VALUES + key)
        for key, new in texts.items():
            if self._texts.get(key) != new:
                draft.settings.set(_VALUES + key, json.loads(new))
        shape = None if parts is None else parts.shape
        if shape is None and self._shape is not None:
            draft.settings.unset(_SHAPE)
        if shape is not None and encode_text(shape) != encode_text(self._shape):  # Their order counts.
            draft.settings.set(_SHAPE, shape)
        return parts

    def made(self, view: ConversationView, text: str | None, parts: Parts | None) -> None:
        """Remember what a commit made of `change`; `view` is that commit."""
        self._root = view.settings.root
        self._texts = {} if parts is None else parts.texts
        self._shape = None if parts is None else parts.shape
        self._text = None if parts is None else text

    def _load(self, view: ConversationView) -> None:
        root = view.settings.root
        if root == self._root:
            return
        self._texts, self._shape, self._text = {}, None, None
        if root is not None and _SHAPE in view.settings:
            found = view.settings.values()
            values: dict[str, JsonValue] = {
                key.removeprefix(_VALUES): value for key, value in found.items() if key.startswith(_VALUES)
            }
            self._shape = cast(Shape, found[_SHAPE])
            self._texts = {key: encode_text(value) for key, value in values.items()}
            self._text = encode_text(join(self._shape, values))
        self._root = root


def _parts(text: str) -> Parts | None:
    try:
        return cut(decode_exactly(text))
    except (ValueError, RecursionError):
        return None
