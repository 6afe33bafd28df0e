"""fsspec's own abstract suite on a workspace of a store in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fsspec.tests import abstract

from objstore.adapters.fsspec import ObjstoreFileSystem


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjstoreFileSystem]:
        place: Path = tmp_path_factory.mktemp("fsspec") / "store"
        made = ObjstoreFileSystem(place, create=True, skip_instance_cache=True)
        yield made
        made.store.close()

    @pytest.fixture
    def fs_path(self) -> str:
        # Not the top: fsspec's `get` of a folder without a slash in its path takes an existing target for a new one.
        return "suite"

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return lambda *parts: "/".join(part for part in parts if part)

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass
