"""A dictionary of the store's own: trained on its events, used for what is written from then on.

What was written before stays as it is, readable with the dictionary that it names; every dictionary stays in the store.
It is taken only if it saves at least a twentieth on events that it was not trained on. It holds pieces of the events
that it was trained on, in plain: who removes an event for good should know that its text may live on in there.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from objstore.errors import CorruptObject, MissingObject
from objstore.objects.events import SALT_SIZE
from objstore.objects.kinds import Kind, Oid
from objstore.packs.training import train_dictionary
from objstore.repository.repository import Repository
from objstore.storage.local.storage import LocalStorage

MOST_SAMPLES = 4_000
LEAST_GAIN = 0.05
"""Share of bytes that a dictionary must save to be taken."""

_FIRST_ID = 1 << 16  # Below are the ids that zstd reserves and those of built-in dictionaries.
_LAST_ID = (1 << 31) - 1


class Trained(NamedTuple):
    """What came of a training.

    `adopted`: whether new data is compressed with the dictionary. `id` and `size` (bytes) are the dictionary's, 0 if
    the `samples` (events looked at) were too few to make one. `before` and `after`: bytes of one sample in five, kept
    apart from the training, as they were compressed until now and with the new dictionary.
    """

    adopted: bool
    id: int
    size: int
    samples: int
    before: int
    after: int


def train(repo: Repository, randomness: random.Random | None = None) -> Trained:
    """Train a dictionary on a sample of the store's events and adopt it if it is worth it. Reads the whole store.

    ReadOnlyStore, StoreFull. A storage that is no folder has no dictionaries: nothing is adopted.
    """
    storage = repo.storage
    if not isinstance(storage, LocalStorage):
        return Trained(adopted=False, id=0, size=0, samples=0, before=0, after=0)
    chance = randomness or random.Random()
    samples = _samples(storage, chance)
    number = chance.randint(_FIRST_ID, _LAST_ID)
    while number in storage.compression.ids:
        number = chance.randint(_FIRST_ID, _LAST_ID)
    made = train_dictionary(samples, number, storage.compression)
    if made is None:
        return Trained(adopted=False, id=0, size=0, samples=len(samples), before=0, after=0)
    adopted = made.after <= made.before * (1 - LEAST_GAIN)
    if adopted:
        storage.add_dictionary(made.data)
    return Trained(adopted, made.id, len(made.data), len(samples), made.before, made.after)


def _samples(storage: LocalStorage, chance: random.Random) -> list[bytes]:
    """At most MOST_SAMPLES events, each with the same chance, in an order of no meaning, without their salts."""
    chosen: list[Oid] = []
    count = 0
    listed = storage.objects()
    while True:
        try:
            oid, kind, _ = next(listed)
        except (StopIteration, CorruptObject):  # Damage is not what this is about.
            break
        if kind is not Kind.EVENT:
            continue
        count += 1
        if len(chosen) < MOST_SAMPLES:
            chosen.append(oid)
        elif (place := chance.randrange(count)) < MOST_SAMPLES:
            chosen[place] = oid
    chance.shuffle(chosen)
    samples: list[bytes] = []
    for oid in chosen:
        try:
            samples.append(bytes(SALT_SIZE) + storage.read(oid).payload[SALT_SIZE:])
        except (CorruptObject, MissingObject):
            continue
    return samples
