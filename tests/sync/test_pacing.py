"""A limited rate holds over both directions, whatever the pieces; and pauses between attempts grow and differ."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

from objstore.sync.pacing import Paced
from objstore.sync.retrying import FIRST_PAUSE, pause


class Echo:
    """A transport that answers with what it was sent."""

    place = "echo"

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces."""
        yield from list(pieces)

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("rate", [1, 1000, 1 << 20])
def test_no_more_travels_than_the_rate_allows(rate: int) -> None:
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    draw = random.Random(1)
    sent = [draw.randbytes(draw.randrange(1, 5000)) for _ in range(100)]
    paced = Paced(Echo(), rate, lambda: now, sleep)
    assert list(paced.request(sent)) == sent
    travelled = 2 * sum(map(len, sent))
    last = len(sent[-1])
    assert now == pytest.approx((travelled - last) / rate)
    now += 1000  # what was not used is not saved up
    before = now
    assert list(paced.request(sent)) == sent
    assert now - before >= (travelled - last) / rate * 0.999


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Paced(Echo(), 0, lambda: 0.0, lambda _: None)


def test_pauses_grow_and_are_not_the_same_for_all() -> None:
    draw = random.Random(1)
    for attempt in (1, 2, 3):
        whole = FIRST_PAUSE * 2 ** (attempt - 1)
        drawn = {pause(attempt, draw.randbytes) for _ in range(100)}
        assert len(drawn) > 50
        assert whole / 2 <= min(drawn) < max(drawn) < whole
