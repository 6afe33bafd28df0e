"""Names under which there is nothing, or something already."""

from __future__ import annotations

from refs.errors import ObjstoreError


class _Named(ObjstoreError):
    """An error about one name. Facts: `name`."""

    text = "{name!r}"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return self.text.format(name=self.name)


class UnknownConversation(_Named, KeyError):
    """There is no such conversation. Facts: `name`."""

    text = "no conversation {name!r} here. See: objstore conversations list (or open it with create=True)"


class UnknownWorkspace(_Named, KeyError):
    """There are no files under this name. Facts: `name`."""

    text = "no files {name!r} here. See: objstore files list (or open them with create=True)"


class UnknownSettings(_Named, KeyError):
    """There are no settings under this name. Facts: `name`."""

    text = "no settings {name!r} here. See: objstore settings list (or open them with create=True)"


class UnknownTag(_Named, KeyError):
    """There is no such tag. Facts: `name`."""

    text = "no tag {name!r} here. See: objstore tag"


class UnknownSetting(_Named, KeyError):
    """No such key in these settings. Facts: `name`."""

    text = "no setting {name!r} at this moment"


class ConversationExists(_Named):
    """A conversation of this name exists. Facts: `name`."""

    text = "conversation {name!r} exists. Open it, or choose another name"


class WorkspaceExists(_Named):
    """Files of this name exist. Facts: `name`."""

    text = "files {name!r} exist. Open them, or choose another name"


class SettingsExist(_Named):
    """Settings of this name exist. Facts: `name`."""

    text = "settings {name!r} exist. Open them, or choose another name"


class TagExists(_Named):
    """A tag of this name exists. Facts: `name`."""

    text = "tag {name!r} exists. Delete it first, or choose another name"


class UnknownPath(ObjstoreError, FileNotFoundError):
    """No such file in the tree. Facts: `path`."""

    def __init__(self, path: str) -> None:
        Exception.__init__(self, path)
        self.path = path

    def __reduce__(self) -> tuple[type[UnknownPath], tuple[str]]:
        return type(self), (self.path,)

    def __str__(self) -> str:
        return f"no file {self.path!r} at this moment"


class PathExists(ObjstoreError, FileExistsError):
    """Something is at the path where a move or copy would put its files; nothing was changed. Facts: `path`."""

    def __init__(self, path: str) -> None:
        Exception.__init__(self, path)
        self.path = path

    def __reduce__(self) -> tuple[type[PathExists], tuple[str]]:
        return type(self), (self.path,)

    def __str__(self) -> str:
        return f"{self.path!r} is there. Choose another path, or overwrite=True"
