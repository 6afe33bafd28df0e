"""A model on this machine that answers whatever it is asked alike, over the HTTP interface that clients of models speak."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = "It is small, it is tested, and it has a licence."


@contextlib.contextmanager
def model() -> Generator[dict[str, str], None, None]:
    """Serve while the block lasts; the variables that lead a client there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield {
            "LLM_MODEL": "openai/none",
            "LLM_API_KEY": "none",
            "LLM_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OPENHANDS_SUPPRESS_BANNER": "1",
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Any question gets the answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": ANSWER}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
        about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "none"}
        body = json.dumps({**about, "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        """Nothing is said of requests."""
