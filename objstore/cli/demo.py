"""`objstore demo`: the main job on real histories, told in commands that really run. Whatever it says, it has checked."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from objstore.cli.demo_stage import Stage, check
from objstore.cli.exit_codes import CONFLICT, DAMAGED
from objstore.cli.failed import Failed
from objstore.cli.lazy_group import PlainCommand

_RUN = "humanevalfix-python-0"
_WRITER = """
import sys, objstore
with objstore.open(sys.argv[1]) as store:
    conv = store.conversations.open("killed", create=True)
    for number in range(10**9):
        conv.append({"n": number})
        print(number, flush=True)
"""
_KILLED_AFTER = 200
_NEEDLE = "the-needle-is-in-bay-7"
_FORKS = 100


@click.command(cls=PlainCommand)
@click.option("--keep", type=click.Path(path_type=Path), metavar="DIR", help="Leave everything in this new folder.")
def demo(keep: Path | None) -> None:
    """Show the main job on real histories.

    In a temporary folder, or in one that --keep names. Whatever it says, it has checked.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="objstore-demo-") as folder:
            run_demo(Path(folder))
        click.echo("\nAll of it was checked. Your turn: objstore init, then objstore import PATH")
        return
    if keep.exists():
        raise Failed(f"{keep} is there already; --keep makes a new folder", CONFLICT)
    keep.mkdir(parents=True)
    run_demo(keep)
    click.echo(f"\nAll of it was checked. Look around: cd {shlex.quote(str(keep))}, then objstore log --graph")


def run_demo(folder: Path) -> None:
    """Run it in an empty folder. DemoFailed: a promise was not kept."""
    with Stage(folder.resolve()) as stage:
        _import(stage)
        _look(stage)
        _fork(stage)
        _travel(stage)
        _kill(stage)
        _flip(stage)
        _sizes(stage)


def _import(stage: Stage) -> None:
    stage.title("Bring in what agents did: nine real runs of SWE-agent")
    stage.run("init")
    first = stage.run("import --samples", last=4)
    stage.say("Once more: what is there is not added again, what grew is continued.")
    again = stage.run("import --samples", last=1)
    check("9 conversations, 110 events added" in first, "all samples are imported")
    check("9 conversations, 0 events added" in again, "importing twice adds nothing")


def _look(stage: Stage) -> None:
    stage.title("Look at a run: a commit for each event, and every moment stays")
    stage.run(f"log {_RUN}")
    then = stage.run(f"show {_RUN}#4 --last 1", last=12)
    check(then.startswith("#4 "), "a moment of the past can be shown")


def _fork(stage: Stage) -> None:
    stage.title("Try it another way: fork at event 4, with another model and a workspace")
    work = stage.folder / "work"
    work.mkdir()
    (work / "main.py").write_text("def distance(a, b):\n    return a - b\n")
    stage.run(f"fork {_RUN} second-try --at 4")
    stage.run("settings set --conversation second-try llm.model another-model")
    stage.run("""conversations append second-try '{"role": "tool", "content": "read main.py"}' --snapshot work""")
    (work / "main.py").write_text("def distance(a, b):\n    return abs(a - b)\n")
    stage.say("The agent edits work/main.py. Event and workspace go into one commit, with one flush:")
    stage.run("""conversations append second-try '{"role": "tool", "content": "fixed main.py"}' --snapshot work""")
    changed = stage.run("diff second-try~1 second-try")
    check("+    return abs(a - b)" in changed and "#6 tool: fixed main.py" in changed, "the diff shows the step")
    drawn = stage.run(f"log --graph {_RUN} second-try --limit 6")
    check("|/" in drawn or "* |" in drawn, "the graph shows the fork")


def _travel(stage: Stage) -> None:
    stage.title("Go back: chat, settings and the directory together")
    file = stage.folder / "work" / "main.py"
    stage.run("rewind second-try '#5' --checkout work")
    check("abs" not in file.read_text(), "the directory went back with the chat")
    stage.run("files read --conversation second-try main.py")
    stage.say("A mistake? Every step of every name can be taken back, this one too.")
    stage.run("undo second-try")
    check("abs" in stage.quietly("files read --conversation second-try main.py"), "undo brings the step back")
    stage.run("operations --limit 4")


def _kill(stage: Stage) -> None:
    stage.title("kill -9 in the middle of appends")
    acknowledged = _killed_writer(stage.store)
    kept = [line for line in stage.quietly("show killed --json").splitlines() if line]
    sound = all(f'"n": {number}' in line for number, line in enumerate(kept))
    check(sound and len(kept) > acknowledged, "no acknowledged event is lost by a kill")
    count = acknowledged + 1
    stage.say(f"A writer was killed after {count} appends had returned: {len(kept)} events are there, in order.")
    check("sound" in stage.run("doctor"), "the store is sound after kill -9")


def _killed_writer(store: Path) -> int:
    """Let a process append until it is killed; the number of the last event that it reported as durable."""
    command = [sys.executable, "-c", _WRITER, str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        acknowledged = -1
        for line in child.stdout:
            acknowledged = int(line)
            if acknowledged == _KILLED_AFTER:
                child.send_signal(signal.SIGKILL)
                break
        for line in child.stdout:
            if line.endswith("\n"):
                acknowledged = int(line)
    check(acknowledged >= _KILLED_AFTER, "the writer appended until it was killed")
    return acknowledged


def _flip(stage: Stage) -> None:
    stage.title("One flipped bit on the disk, in a copy of this store")
    copy = stage.folder / "damaged"
    shutil.copytree(stage.store, copy)
    stage.quietly(f'--store damaged conversations append second-try \'{{"note": "{_NEEDLE}"}}\'')
    journal = next(path for path in copy.glob("journal-*.sqlite") if _NEEDLE.encode() in path.read_bytes())
    data = bytearray(journal.read_bytes())
    data[data.index(_NEEDLE.encode())] ^= 1
    journal.write_bytes(data)
    said = stage.run("--store damaged doctor", code=DAMAGED)
    check("second-try#7" in said, "the event that the flipped bit hit is named")
    check("\n1 finding in " in said, "nothing else is damaged")
    stage.say("It names the event that was hit; the rest is read as ever, and damage is never handed out as data.")
    shutil.rmtree(copy)


def _sizes(stage: Stage) -> None:
    stage.title("What it takes")
    packed = stage.run("repack")
    check("objects packed" in packed, "repack reports what it did")
    with stage.opened() as store:
        store.conversations.delete("killed")
        before = store.stats()
        source = store.conversations.open(_RUN)
        made = [source.fork(f"trial/{number}").name for number in range(_FORKS)]
        after = store.stats()
        check(after.objects == before.objects and len(made) == _FORKS, "a fork writes no object")
        whole = sum(_whole_states(list(store.conversations.open(info.name))) for info in store.conversations.find("m"))
        for name in made:
            store.conversations.delete(name)
    stage.say(
        f"{_FORKS} forks of {_RUN} wrote {after.objects - before.objects} new objects: what is equal is kept once.\n"
        f"Events and files of all names: {before.referenced:,} bytes if each had its own copy; "
        f"{before.stored:,} bytes on disk, history and indexes included.\n"
        f"The seven marshmallow runs alone, as a whole state after every step: {whole:,} bytes."
    )
    check(before.stored < before.referenced, "the store is smaller than its content")


def _whole_states(events: list[object]) -> int:
    """Bytes of JSON if everything so far were written down after every event."""
    import json

    sizes = [len(json.dumps(event, ensure_ascii=False).encode()) for event in events]
    return sum(size * (len(sizes) - number) for number, size in enumerate(sizes))
