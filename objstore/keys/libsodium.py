"""libsodium by PyNaCl's compiled module, which its package of wrappers calls too.

The wrappers take ten times as long to load as the library itself (40 and 3 ms), and every short process pays for that.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def libsodium(*names: str) -> tuple[Any, Any]:
    """The library's `ffi` and its functions, initialised, with these among them.

    ImportError, AttributeError: this PyNaCl has no such module, or another one; the wrappers do it then.
    """
    module = import_module("nacl._sodium")
    if module.lib.sodium_init() < 0:  # 1: somebody else did it, which is as good
        raise ImportError("libsodium cannot be initialised")
    for name in names:
        getattr(module.lib, name)
    return module.ffi, module.lib
