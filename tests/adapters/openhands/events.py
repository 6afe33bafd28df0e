"""Events and states in the form in which the SDK writes them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

from objstore.adapters.openhands import ObjstoreFileStore


def text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def event(number: int, text: str = "hello") -> dict[str, object]:
    name = str(uuid.UUID(int=number))
    content = [{"type": "text", "text": f"{text} {number}"}]
    return {"id": name, "source": "user", "llm_message": {"role": "user", "content": content}, "kind": "MessageEvent"}


def path_of(number: int, name: object) -> str:
    return f"events/event-{number:05d}-{name}.json"


def append(files: ObjstoreFileStore, number: int, text: str = "hello") -> str:
    """Write event `number`; its path."""
    value = event(number, text)
    path = path_of(number, value["id"])
    files.write(path, text_of(value))
    return path


def state(calls: int, **more: object) -> dict[str, object]:
    """A state after so many calls of a model."""
    agent = {
        "kind": "Agent",
        "llm": {"model": "gpt-5", "temperature": 0.5, "timeout": 300, "notes": "x" * 600},
        "tools": [{"name": f"tool_{n}", "params": {"limit": n}} for n in range(30)],
    }
    usage = [{"model": "gpt-5", "prompt_tokens": n * 7, "response_id": f"r{n}"} for n in range(calls)]
    metrics = {"costs": [{"model": "gpt-5", "cost": n / 1000} for n in range(calls)], "token_usages": usage}
    stats = {"usage_to_metrics": {"default": metrics}}
    return {"id": str(uuid.UUID(int=1)), "agent": agent, "stats": stats, "execution_status": "idle", **more}


def walk(files: ObjstoreFileStore, folder: str = "") -> Iterator[str]:
    """Every file below a folder."""
    for path in files.list(folder):
        if path.endswith("/"):
            yield from walk(files, path.rstrip("/"))
        else:
            yield path
