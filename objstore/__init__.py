"""Git for what an AI agent knows: conversations, files and settings, versioned together.

    store = objstore.open("path", create=True)
    conv = store.conversations.open("c1", create=True)
    conv.append({"role": "user", "content": "hi"})

Names are loaded when first used, so that `import objstore` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from objstore.version import __version__

if TYPE_CHECKING:
    from objstore import aio as aio
    from objstore.errors import *  # noqa: F403 - the whole tree, under objstore.NAME as well
    from objstore.errors import ObjstoreError
    from objstore.opening import clone, open_backup
    from objstore.opening import open_store as open  # noqa: A004 - the public name is fixed
    from objstore.store import Store

__all__ = ["ObjstoreError", "Store", "__version__", "clone", "open", "open_backup"]


def __getattr__(name: str) -> Any:
    # Every import below is of the form `import x.y as z`: `from objstore import z` would ask here again.
    if name in ("open", "open_backup", "clone", "Store"):
        import objstore.opening as opening

        return opening.open_store if name == "open" else getattr(opening, name)
    if name == "aio":
        import objstore.aio as face

        return face
    if not name.startswith("_"):
        import objstore.errors as errors

        if name in errors.__all__:
            return getattr(errors, name)
    raise AttributeError(f"module 'objstore' has no attribute {name!r}")


def __dir__() -> list[str]:
    import objstore.errors as errors

    return sorted({*__all__, *errors.__all__, "aio", "errors"})
