"""What every ref store must pass: subclass `RefStoreContract`, say how to make an empty store, and run pytest on it.

    class TestMyRefs(RefStoreContract):
        def make(self) -> RefStore:
            return MyRefs(...)

Needs nothing but plain asserts. Each test asks `make` for one store. One file for each group of promises.
"""

from __future__ import annotations

from refs.contract.adoption import AdoptionContract
from refs.contract.edits import EditsContract
from refs.contract.finding import FindingContract
from refs.contract.logs import LogsContract
from refs.contract.names import NamesContract
from refs.contract.runs import RunsContract
from refs.contract.threads import ThreadsContract

__all__ = ["RefStoreContract"]


class RefStoreContract(
    EditsContract, NamesContract, RunsContract, LogsContract, FindingContract, ThreadsContract, AdoptionContract
):
    """All promises of `refs.protocol`, a test each."""
