"""Files over HTTP, of workspaces and of conversations."""

from __future__ import annotations

import random

import pytest

import objstore
from tests.server.servers import Client, Server

AUTH = "Authorization"


@pytest.mark.parametrize("kind", ["files", "conversations"])
def test_a_file_is_written_listed_read_and_deleted(ada: Client, kind: str) -> None:
    ada.ok("POST", f"/{kind}", {"name": "work"})
    base = f"/{kind}/work"
    ada.ok("PUT", f"{base}/content", b"one", path="a/one.txt", mode=0o755)
    ada.ok("PUT", f"{base}/content", b"two", path="b.txt")
    assert ada("GET", f"{base}/content", path="a/one.txt").body == b"one"
    listed = ada.ok("GET", f"{base}/tree")["files"]
    assert [(each["path"], each["folder"]) for each in listed] == [("a", True), ("b.txt", False)]
    (one,) = ada.ok("GET", f"{base}/tree", folder="a")["files"]
    assert (one["size"], one["mode"] & 0o777) == (3, 0o755)
    assert ada.ok("GET", f"{base}/tree", limit=1)["next"] == "a"
    assert [each["name"] for each in ada.ok("GET", f"{base}/tree", after="a")["files"]] == ["b.txt"]
    ada.ok("DELETE", f"{base}/content", path="a", recursive=True)
    assert ada("GET", f"{base}/content", path="a/one.txt").json["error"] == "UnknownPath"
    assert ada("GET", f"{base}/content", path="a/one.txt", at="~1").body == b"one"


def test_a_large_file_goes_both_ways_and_by_ranges(ada: Client, server: Server) -> None:
    data = random.Random(7).randbytes(5_000_003)
    ada.ok("POST", "/files", {"name": "large"})
    ada.ok("PUT", "/files/large/content", data, path="x.bin")
    assert ada("GET", "/files/large/content", path="x.bin").body == data
    for asked, start, stop in (
        ("0-0", 0, 1),
        ("4999990-", 4_999_990, 5_000_003),
        ("-5", 4_999_998, 5_000_003),
        ("10-3000000", 10, 3_000_001),
    ):
        headers = {AUTH: f"Bearer {ada.token}", "Range": f"bytes={asked}"}
        answer = ada.raw("GET", "/main/v1/files/large/content?path=x.bin", None, headers)
        assert (answer.status, answer.body) == (206, data[start:stop])
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/5000003"
    headers = {AUTH: f"Bearer {ada.token}", "Range": "bytes=9000000-"}
    assert ada.raw("GET", "/main/v1/files/large/content?path=x.bin", None, headers).status == 416
    with objstore.open(server.folder) as store:
        assert store.files.open("large").read("x.bin") == data


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", ".git/config", "a\x00b"])
def test_a_path_that_leaves_the_tree_is_refused(ada: Client, path: str) -> None:
    ada("POST", "/files", {"name": "safe"})
    answer = ada("PUT", "/files/safe/content", b"x", path=path)
    assert (answer.status, answer.json["error"]) == (422, "InvalidPath")


def test_content_of_others_is_no_page_of_this_server(ada: Client) -> None:
    ada.ok("POST", "/files", {"name": "page"})
    ada.ok("PUT", "/files/page/content", b"<script>alert(1)</script>", path="x.html")
    headers = ada("GET", "/files/page/content", path="x.html").headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == "attachment"


def test_workspaces_are_listed_and_deleted(ada: Client) -> None:
    for number in range(3):
        ada.ok("POST", "/files", {"name": f"many/{number}"})
    assert ada.ok("GET", "/files", prefix="many/", limit=2) == {"names": ["many/0", "many/1"], "next": "many/1"}
    assert ada("DELETE", "/files/many%2F0").status == 204
    assert ada.ok("GET", "/files", prefix="many/")["names"] == ["many/1", "many/2"]
