"""What the Claude Agent SDK starts as `claude`: a program that needs no account and gives every question one answer.

It speaks as much of the protocol on standard input and output as a query takes, so that the SDK itself is what a page
runs: it answers control requests, and a question by the answer, by the transcript's entries and by a result.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from pathlib import Path
from typing import Any

ANSWER = "2 + 2 is 4."


def main() -> None:
    """Answer until the input ends."""
    if sys.argv[1:] in (["-v"], ["--version"]):
        say("2.1.400 (Claude Code)")
        return
    session = str(uuid.uuid4())
    folder = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude", "projects")
    file = folder / re.sub("[^a-zA-Z0-9]", "-", os.path.realpath(".")) / f"{session}.jsonl"
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "control_request":
            reply = {"subtype": "success", "request_id": message["request_id"], "response": {"commands": []}}
            say({"type": "control_response", "response": reply})
        elif message["type"] == "user":
            answer(message["message"], session, file)


def answer(question: Any, session: str, file: Path) -> None:
    """One turn of the conversation."""
    spoken = {"role": "assistant", "model": "none", "content": [{"type": "text", "text": ANSWER}]}
    turns = (("user", question), ("assistant", spoken))
    entries = [
        {"type": kind, "uuid": str(uuid.uuid4()), "sessionId": session, "timestamp": when, "message": said}
        for (kind, said), when in zip(turns, ("2026-11-01T10:00:00.000Z", "2026-11-01T10:00:01.000Z"), strict=True)
    ]
    say({"type": "assistant", "message": spoken, "parent_tool_use_id": None, "session_id": session})
    say({"type": "transcript_mirror", "filePath": str(file), "entries": entries})
    result = {"subtype": "success", "is_error": False, "result": ANSWER, "session_id": session, "total_cost_usd": 0.0}
    say({"type": "result", "duration_ms": 1, "duration_api_ms": 1, "num_turns": 1, **result})


def say(message: object) -> None:
    """A line of output at once."""
    sys.stdout.write(f"{message if isinstance(message, str) else json.dumps(message)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
