"""One open store, as people see it."""

from objstore.store.store import Store

__all__ = ["Store"]
