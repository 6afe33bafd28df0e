"""Beside OpenHands' app server itself: it is configured by environment variables alone, and keeps everything here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openhands.app_server", reason="python3 tools/dev.py suites has it where it can be installed")

from openhands.app_server import config
from openhands.app_server.secrets.secrets_models import Secrets
from openhands.app_server.server_config.server_config import load_server_config
from openhands.app_server.settings.settings_models import Settings
from openhands.app_server.utils.import_utils import import_from

from objstore.adapters.openhands import app_server

HERE = "objstore.adapters.openhands.app_server"
OPEN: Any = {"expose_secrets": True, "persist_settings": True}


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The server's configuration, of a process that has only these variables."""
    monkeypatch.setenv("OH_PERSISTENCE_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("OH_FILE_STORE_KIND", f"{HERE}.ObjstoreAppFileStore")
    monkeypatch.setenv("OPENHANDS_CONFIG_CLS", f"{HERE}.ObjstoreServerConfig")
    monkeypatch.setenv("OBJSTORE_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr(config, "_global_config", None)
    yield config.get_global_config()
    while app_server._stores:
        app_server._stores.popitem()[1].close()


def kept(name: str, user: str | None) -> Any:
    """The store of settings or secrets of a user, as the server finds it."""
    return asyncio.run(import_from(getattr(load_server_config(), name)).get_instance(user))


def test_files_are_those_of_a_workspace(server: Any, tmp_path: Path) -> None:
    files = server.file_store
    files.write("a/b.txt", "hi")
    source = tmp_path / "archive"
    source.write_bytes(b"zip")
    files.write_from_path("archive", str(source))
    assert sorted(files.list("")) == ["a/", "archive"]
    assert [info.path for info in files.store.files.open("openhands")] == ["a/b.txt", "archive"]
    assert files.root == str(tmp_path / "kept")
    files.delete("a")
    with pytest.raises(FileNotFoundError):
        files.read("a/b.txt")


def test_settings_come_back_with_their_secrets_sealed_in_between(server: Any) -> None:
    store = kept("settings_store_class", None)
    assert asyncio.run(store.load()) is None
    named = {"my.server": {"url": "http://x", "headers": {"Authorization": "Bearer sk-3"}, "transport": "http"}}
    settings = Settings(
        agent_settings={"llm": {"model": "m", "api_key": "sk-1"}, "mcp_config": {"mcpServers": named}},
        llm_profiles={"profiles": {"My own": {"model": "m", "api_key": "sk-2"}}, "active": "My own"},
        search_api_key="sk-4",
        v1_enabled=True,
    )
    asyncio.run(store.store(settings))
    found = asyncio.run(kept("settings_store_class", None).load())
    assert found.model_dump(mode="json", context=OPEN) == settings.model_dump(mode="json", context=OPEN)
    seen = repr(server.file_store.store.settings.open("openhands/settings").at("~0").values())
    assert "'agent_settings.llm.model': 'm'" in seen
    assert "sk-" not in seen


def test_secrets_are_those_of_a_user(server: Any) -> None:
    secrets = Secrets(
        provider_tokens={"github": {"token": "ghp", "host": None}},
        custom_secrets={"ACCOUNT": {"secret": '{"type": "service"}', "description": "a JSON text"}},
    )
    asyncio.run(kept("secret_store_class", "ann@x.org").store(secrets))
    found = asyncio.run(kept("secret_store_class", "ann@x.org").load())
    assert found.model_dump(mode="json", context=OPEN) == secrets.model_dump(mode="json", context=OPEN)
    assert asyncio.run(kept("secret_store_class", "bob@x.org").load()) is None


def test_with_files_elsewhere_settings_are_below_the_persistence_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OH_FILE_STORE_KIND")
    monkeypatch.setattr(config, "_global_config", None)
    asyncio.run(kept("settings_store_class", None).store(Settings()))
    assert (tmp_path / "kept" / ".objstore").is_dir()
