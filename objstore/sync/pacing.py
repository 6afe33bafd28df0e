"""A transport that goes no faster than it may: what `--limit-rate` puts around another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from objstore.sync.transport import Transport


class Paced:
    """Bytes of both directions together stay below a rate, but for one piece. Implements `Transport`."""

    def __init__(
        self, inner: Transport, rate: int, clock: Callable[[], float], sleep: Callable[[float], object]
    ) -> None:
        """`rate`: bytes a second; `clock`: seconds that never go back."""
        if rate < 1:
            raise ValueError("a rate is at least one byte a second")
        self.place = inner.place
        self._inner = inner
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._free = clock()  # when the next piece may go

    def request(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The response, as the rate allows."""
        return self._slowly(self._inner.request(self._slowly(pieces)))

    def close(self) -> None:
        """Close the transport."""
        self._inner.close()

    def _slowly(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            now = self._clock()
            if self._free > now:
                self._sleep(self._free - now)
            self._free = max(self._free, now) + len(piece) / self._rate
            yield piece
