"""A small HTTP server in front of a store, by the standard library alone: what one request is, and nothing more."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from objstore.sync.service import CONTENT_TYPE, Service


@contextmanager
def served(service: Service, token: str | None = None, cut: int | None = None) -> Generator[str, None, None]:
    """Serve on a free port of 127.0.0.1; the URL. `cut`: the connection is dropped after so many pieces of an answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if token is not None and self.headers["authorization"] != f"Bearer {token}":
                self.close_connection = True
                self.send_error(401, "no such token")
                return
            assert (self.path, self.headers["content-type"]) == ("/tenant/sync", CONTENT_TYPE)
            self.send_response(200)
            self.send_header("content-type", CONTENT_TYPE)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for number, piece in enumerate(service.answer(self._body())):
                if number == cut:
                    self.close_connection = True
                    return
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        def _body(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tenant"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
