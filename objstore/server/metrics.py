"""Counters and histograms in the text format of Prometheus. Labels are routes and statuses, never names of people's."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of durations, in seconds."""


class Metrics:
    """The figures of one server. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._durations: dict[str, list[int]] = {}
        self._seconds: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self.working = 0
        self.followers = 0

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        with self._lock:
            self._requests[method, route, status] += 1
            counts = self._durations.setdefault(route, [0] * (len(BUCKETS) + 1))
            place = next((at for at, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
            counts[place] += 1
            self._seconds[route] += seconds  # type: ignore[assignment] - a Counter of floats

    def refused(self, error: str) -> None:
        """A request was refused for what its token may do."""
        with self._lock:
            self._refused[error] += 1

    def text(self) -> str:
        """All figures, as they are scraped."""
        with self._lock:
            lines = ["# TYPE objstore_requests_total counter"]
            for (method, route, status), count in sorted(self._requests.items()):
                lines.append(f'objstore_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}')
            lines.append("# TYPE objstore_request_seconds histogram")
            for route, counts in sorted(self._durations.items()):
                lines += _histogram(route, counts, self._seconds[route])
            lines.append("# TYPE objstore_refused_total counter")
            lines += [f'objstore_refused_total{{error="{name}"}} {n}' for name, n in sorted(self._refused.items())]
            for name, value in (("working", self.working), ("followers", self.followers)):
                lines += [f"# TYPE objstore_{name} gauge", f"objstore_{name} {value}"]
        return "\n".join(lines) + "\n"


def _histogram(route: str, counts: list[int], seconds: float) -> list[str]:
    lines: list[str] = []
    total = 0
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
        total += count
        lines.append(f'objstore_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
    lines.append(f'objstore_request_seconds_sum{{route="{route}"}} {seconds:.6f}')
    lines.append(f'objstore_request_seconds_count{{route="{route}"}} {total}')
    return lines
