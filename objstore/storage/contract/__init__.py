"""What every storage must pass: subclass in your tests, say how to make one, and every promise is tried by pytest.

    class TestMine(StorageContract):
        def make(self) -> Storage:
            return MyStorage(...)          # empty; each test asks for one or a few

    class TestMyRefs(StorageRefsContract):
        def make_storage(self) -> Storage: ...

Needs nothing but plain asserts. One file for each group of promises. How to use it: docs/how-to/test-a-storage.md.
"""

from __future__ import annotations

from objstore.storage.contract.ending import EndingContract
from objstore.storage.contract.finding import FindingContract
from objstore.storage.contract.reading import ReadingContract
from objstore.storage.contract.refs import StorageRefsContract
from objstore.storage.contract.stages import StagesContract
from objstore.storage.contract.threads import ThreadsContract
from objstore.storage.contract.watching import WatchingContract
from objstore.storage.contract.writing import WritingContract

__all__ = ["StorageContract", "StorageRefsContract"]


class StorageContract(
    ReadingContract, FindingContract, WritingContract, StagesContract, ThreadsContract, WatchingContract, EndingContract
):
    """All promises of `storage.protocol` but those about refs, a test each."""
