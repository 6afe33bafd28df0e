"""What settings cost: resolving 200 keys, after a change and from a chain of scopes; setting one; sealing a secret.

resolve   200 keys with defaults, environment and overrides, beside pydantic-settings and a JSON file reading the same
change    one key of 200 set durably, and resolved after it
secret    a secret set and revealed, beside the bare sealing
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import objstore
from objstore.keys.domain_key import DomainKey
from objstore.keys.sealing import open_sealed, seal
from objstore.objects.kinds import Domain
from tools.bench.harness import Report, conclude, interleave, median, nothing, options, workspace

PARTS = ("resolve", "change", "secret")
KEYS = 200
PREFIX = "BENCHAPP_"


def values(count: int = KEYS) -> dict[str, Any]:
    """Settings as agents have them: groups of ten, texts, numbers, switches, here and there a list."""
    kinds: tuple[Callable[[int], Any], ...] = (
        lambda n: f"model-{n}",
        lambda n: n,
        lambda n: n % 2 == 0,
        lambda n: n / 7,
        lambda n: ["a", "b", str(n)] if n % 20 == 4 else f"text {n}",
    )
    return {f"group{n // 10:02}.name_{n % 10}": kinds[n % 5](n) for n in range(count)}


def fill(store: Any) -> Any:
    """A chain of three scopes that share the keys out, and have some of them twice."""
    stored = values()
    for number, scope in enumerate(("global", "user", "project")):
        part = {key: value for at, (key, value) in enumerate(stored.items()) if at % 3 == number or at % 10 == 0}
        store.settings.open(scope, create=True).update(part)
    store.settings.open("all", create=True).update(stored)
    return store.settings.chain("global", "user", "project")


def peer_model() -> Any:
    """The same keys as a pydantic-settings class that reads a JSON file and the environment."""
    from pydantic import BaseModel, create_model
    from pydantic_settings import BaseSettings, JsonConfigSettingsSource, SettingsConfigDict

    groups: dict[str, dict[str, Any]] = {}
    for key, value in values().items():
        group, name = key.split(".")
        groups.setdefault(group, {})[name] = (type(value), value)
    fields: dict[str, Any] = {name: (create_model(name, **inner), ...) for name, inner in groups.items()}

    class Peer(BaseSettings):
        model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", json_file="settings.json")

        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **sources: Any) -> Any:
            return sources["init_settings"], sources["env_settings"], JsonConfigSettingsSource(settings_cls)

    assert issubclass(Peer, BaseModel)
    return create_model("Settings", __base__=Peer, **fields)


def resolve(report: Report, folder: Path, scale: float) -> None:
    """Reading the whole of the settings."""
    nested: dict[str, dict[str, Any]] = {}
    for key, value in values().items():
        group, name = key.split(".")
        nested.setdefault(group, {})[name] = value
    os.chdir(folder)
    Path("settings.json").write_text(json.dumps(nested))
    for number in range(5):
        os.environ[f"{PREFIX}GROUP{number:02}__NAME_1"] = str(1000 + number)
    defaults, overrides = values(), {"group03.name_2": True, "group09.name_9": "mine"}
    peer = peer_model()
    with objstore.open(folder / "store", create=True) as store:
        chain, alone = fill(store), store.settings.open("all")

        def load(_: int) -> object:
            with open("settings.json", encoding="utf-8") as file:
                return json.load(file)

        sides: dict[str, Callable[[int], object]] = {
            "stored": lambda _: alone.resolve(),
            "everything": lambda _: alone.resolve(defaults, env_prefix=PREFIX, overrides=overrides),
            "chain": lambda _: chain.resolve(defaults, env_prefix=PREFIX, overrides=overrides),
            "json": load,
        }
        times = interleave(sides, rounds=int(40 * scale) or 1, block=20, settle=nothing)
        slow = interleave({"pydantic-settings": lambda _: peer()}, rounds=int(10 * scale) or 1, settle=nothing)
        assert alone.resolve(env_prefix=PREFIX)["group00.name_1"].value == 1000 == peer().group00.name_1
    base, model = median(times["json"]), median(slow["pydantic-settings"])
    for name, words, goal in (
        ("stored", "stored values alone", None),
        ("everything", "with defaults, environment, overrides", 200.0),
        ("chain", "a chain of three scopes with all that", None),
    ):
        took = median(times[name])
        report.figure("resolve 200 keys", words, took * 1e6, "µs", at_most=goal)
        report.figure("resolve 200 keys", words, took * 1e6, "µs", peer="json.load of a file", ratio=took / base)
        report.figure("resolve 200 keys", words, took * 1e6, "µs", peer="pydantic-settings", ratio=took / model)


def change(report: Report, folder: Path, scale: float) -> None:
    """Setting one key of 200, and resolving right after."""
    with objstore.open(folder / "store", create=True) as store:
        fill(store)
        alone = store.settings.open("all")
        alone.resolve()
        path = folder / "settings.json"

        def rewrite(number: int) -> None:
            fresh = folder / "settings.json.new"
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(values() | {"group05.name_1": number}, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(path)

        sides: dict[str, Callable[[int], object]] = {
            "set": lambda n: alone.set("group05.name_1", n),
            "rewrite": rewrite,
        }
        times = interleave(sides, rounds=int(20 * scale) or 1)
        after: list[float] = []
        for number in range(int(100 * scale) or 1):
            alone.set("group05.name_1", -number - 1)
            after += interleave({"": lambda _: alone.resolve()}, rounds=1, block=1, settle=nothing)[""]
    took, base = median(times["set"]), median(times["rewrite"])
    report.figure(
        "set one of 200 keys", "durably", took * 1e6, "µs", peer="a JSON file rewritten, fsync", ratio=took / base
    )
    report.figure("resolve 200 keys", "right after one was set", median(after) * 1e6, "µs")


def secret(report: Report, folder: Path, scale: float) -> None:
    """Setting and revealing a secret."""
    warnings.simplefilter("ignore")
    key = DomainKey(Domain(bytes(16)), 1, bytes(32))
    sealed = seal(key, "secrets", b"sk-" + b"x" * 48, b"setting\0k", bytes(24))
    with objstore.open(folder / "store", create=True, keys=folder / "keys") as store:
        found = store.settings.open("s", create=True)
        found.set_secret("k", "sk-" + "x" * 48)
        sides: dict[str, Callable[[int], object]] = {
            "reveal": lambda _: found.get("k").reveal(),
            "open": lambda _: open_sealed(key, "secrets", sealed, b"setting\0k"),
            "set": lambda n: found.set_secret("k", f"sk-{n}"),
            "plain": lambda n: found.set("plain", f"sk-{n}"),
        }
        times = {name: median(each) for name, each in interleave(sides, rounds=int(20 * scale) or 1).items()}
    ratio = times["reveal"] / times["open"]
    report.figure("secret", "get and reveal", times["reveal"] * 1e6, "µs", peer="the bare opening", ratio=ratio)
    ratio = times["set"] / times["plain"]
    report.figure("secret", "set durably", times["set"] * 1e6, "µs", peer="a plain value set", ratio=ratio)


def main() -> int:
    """Run the parts that were asked for."""
    chosen = options(__doc__, PARTS)
    with workspace(chosen.folder) as folder:
        report = Report("settings", folder)
        for part in chosen.parts:
            place = folder / part
            place.mkdir()
            {"resolve": resolve, "change": change, "secret": secret}[part](report, place, chosen.scale)
    return conclude(report, chosen)


if __name__ == "__main__":
    sys.exit(main())
