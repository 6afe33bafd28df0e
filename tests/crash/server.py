"""A warm process that forks a child for every request, so that hundreds of them can be killed without importing anew.

    python -m tests.crash.server      requests: lines of JSON on stdin; replies: lines of JSON on stdout

A request is {"run": "command" or "append_for_ever", "store", "work", "name", "seed", "hold"}. The child says {"pid"}
first and with "hold" waits for SIGUSR1 (by then a tracer is attached). Every line is one write, so a kill cannot tear
it. When the child is gone, the server says {"ended": its exit status, negative for a signal}.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import objstore
from tests.crash.commands import COMMANDS, prepare, state, write_directory


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    _warm()
    tell({"ready": True})
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _serve(json.loads(line))
        _, status = os.waitpid(child, 0)
        tell({"ended": os.waitstatus_to_exitcode(status)})


def tell(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _warm() -> None:
    """Run every command once here, so that no child has anything left to import."""
    for name in COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            prepare(Path(folder))
            with objstore.open(Path(folder) / "store", keys=Path(folder) / "keys") as store:
                COMMANDS[name](store, Path(folder) / "work")
                state(store)


def _serve(request: dict[str, Any]) -> None:
    try:
        tell({"pid": os.getpid()})
        if request.get("hold"):
            signal.sigwait({signal.SIGUSR1})
        run = {"command": run_command, "append_for_ever": append_for_ever}[request["run"]]
        run(request)
    finally:
        os._exit(0)


def run_command(request: dict[str, Any]) -> None:
    """Run a command; say "acknowledged", or which error came; after an error, open the store again and append."""
    place, work = Path(request["store"]), Path(request["work"])
    try:
        with objstore.open(place, create=True, keys=place.parent / "keys") as store:
            COMMANDS[request["name"]](store, work)
            tell({"acknowledged": True})
    except BaseException as error:
        tell({"error": type(error).__name__, "ours": isinstance(error, objstore.ObjstoreError), "text": str(error)})
        with objstore.open(place, create=True, keys=place.parent / "keys") as store:
            store.conversations.open("again", create=True).append({"again": True})
        tell({"appended": True})


def append_for_ever(request: dict[str, Any]) -> None:
    """Append to "c", in ones and in batches, snapshot "ws", repack now and then: {"trying"}, then {"holds"}."""
    chance = random.Random(request["seed"])
    work = Path(request["work"])
    with objstore.open(request["store"], create=True, keys=Path(request["store"]).parent / "keys") as store:
        conversation = store.conversations.open("c", create=True)
        workspace = store.files.open("ws", create=True)
        events = len(conversation)
        snapshots = int(workspace.read("number")) if "number" in workspace else 0
        tell({"holds": [events, snapshots]})
        while True:
            step = chance.random()
            batch = chance.randint(2, 9) if step < 0.3 else 1
            if step < 0.8:
                tell({"trying": [events + batch, snapshots]})
                values = [{"n": number, "text": "x" * (number % 700)} for number in range(events, events + batch)]
                if batch == 1:
                    conversation.append(values[0])
                else:
                    conversation.append_many(values)
                events += batch
            elif step < 0.96:
                tell({"trying": [events, snapshots + 1]})
                write_directory(work / "tree", seed=snapshots + 1)
                (work / "tree" / "number").write_text(str(snapshots + 1))
                workspace.snapshot(work / "tree")
                snapshots += 1
            else:
                store.repack()
            tell({"holds": [events, snapshots]})


if __name__ == "__main__":
    main()
