"""The OpenAPI document is true: whatever it allows and much that it does not is answered as it says, never by a fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from objstore.server.openapi import ENDPOINTS, document
from tests.server.reference import PAGE, page
from tests.server.servers import serving


def test_every_endpoint_is_in_the_document_with_its_parameters() -> None:
    paths = document()["paths"]
    for endpoint in ENDPOINTS:
        operation = paths[endpoint.route][endpoint.method.lower()]
        names = {each["name"] for each in operation["parameters"]}
        assert set(endpoint.query.model_fields) <= names
        assert ("requestBody" in operation) == (endpoint.has_body or endpoint.exchange is not None)
        assert str(endpoint.status) in operation["responses"]
        assert operation["summary"]


def of_tenant(name: str) -> dict[str, Any]:
    """The document, with one tenant alone: tokens are good for one."""
    found = document()
    for operations in found["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "tenant":
                    parameter["schema"] = {"enum": [name]}
    return found


@pytest.mark.slow
def test_no_request_that_can_be_thought_of_is_a_fault(tmp_path: Path) -> None:
    with serving(tmp_path / "store") as server:
        ada = server.client()
        ada.append("c", {"role": "user", "content": "hello"}, create=True)
        described = tmp_path / "openapi.json"
        described.write_text(json.dumps(of_tenant("main")))
        program = Path(sys.executable).with_name("schemathesis")
        done = subprocess.run(
            [
                str(program),
                "run",
                str(described),
                f"--url={server.url}",
                "--header",
                f"Authorization: Bearer {ada.token}",
                "--checks=not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance",
                "--max-examples=15",
                "--seed=1",
                "--phases=examples,coverage,fuzzing",
                "--exclude-path-regex=/(follow|wait|sync)$",  # sync has bytes of its own: tests/sync lies to it
                "--generation-database=none",
                "--no-color",
                "--request-timeout=60",
            ],
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": ""},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        ada.ok("GET", "/me")


def test_the_reference_page_is_what_the_endpoints_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.server.reference"
