"""Other stores: not there, not willing, or with a history of their own."""

from __future__ import annotations

from typing import Literal, NamedTuple

from refs.errors import ObjstoreError

_SHOWN = 5

DivergenceKind = Literal["diverged", "rewound here", "rewound there"]


class Divergence(NamedTuple):
    """A ref that cannot simply move forward: the ids on both sides (hex), where they parted, and the events since.

    "rewound here" and "rewound there": one side is a beginning of the other because it was moved back on purpose.
    """

    name: str
    kind: DivergenceKind
    ours: str | None
    theirs: str | None
    base: str | None = None
    our_events: int = 0
    their_events: int = 0

    def __str__(self) -> str:
        if self.kind == "diverged":
            since = f" since {self.base[:12]}" if self.base else ""
            return f"{self.name} went on here ({self.our_events} events) and there ({self.their_events}){since}"
        side = self.kind.removeprefix("rewound ")
        dropped = self.their_events if side == "here" else self.our_events
        return f"{self.name} was rewound {side}, which dropped {dropped} events"


class Diverged(ObjstoreError):
    """Refs have a history here and another there; no ref of yours was moved.

    Facts: `remote`, `verb` ("pull" or "push"), `divergences` (a value for each ref, with what moved on either side).
    """

    def __init__(self, remote: str, verb: str, divergences: tuple[Divergence, ...]) -> None:
        told = tuple(Divergence(*each) for each in divergences)  # plain tuples, where they came over a wire
        super().__init__(remote, verb, told)
        self.remote = remote
        self.verb = verb
        self.divergences = told

    def __str__(self) -> str:
        told = "; ".join(str(each) for each in self.divergences[:_SHOWN])
        more = f"; and {len(self.divergences) - _SHOWN} more" if len(self.divergences) > _SHOWN else ""
        if self.verb == "pull":
            step = "Pull with on_diverged='fork' (keep both), 'theirs' (take what is there) or 'ours' (leave it)"
        else:
            step = "Pull first (on_diverged='fork' keeps both), or push with force=True to replace what is there"
        return f"{self.remote}: {told}{more}. {step}"


class Rewound(Diverged):
    """A ref was moved back on purpose on one side, and going on would undo that. Facts as `Diverged`."""


class UnknownRemote(ObjstoreError, KeyError):
    """There is no remote of this name. Facts: `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no remote {self.name!r}. Add it: objstore remote add {self.name} URL"


class RemoteExists(ObjstoreError):
    """A remote of this name is there already. Facts: `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is a remote {self.name!r} already. Remove or rename it first"


class InvalidRemote(ObjstoreError, ValueError):
    """A URL, a name or a pattern that no remote can have. Facts: `given`, `reason`."""

    def __init__(self, given: str, reason: str) -> None:
        super().__init__(given, reason)
        self.given = given
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.given!r}: {self.reason}"


class RemoteFailed(ObjstoreError):
    """The far side could not be reached, or went away in the middle. Every store is whole; the same again goes on.

    Facts: `place`, `reason`.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place} cannot be reached: {self.reason}. Nothing was damaged; try again"


class RemoteRefused(ObjstoreError):
    """The far side answered, and refused. Facts: `place`, `code` (for programs), `text` (its words)."""

    def __init__(self, place: str, code: str, text: str) -> None:
        super().__init__(place, code, text)
        self.place = place
        self.code = code
        self.text = text

    def __str__(self) -> str:
        return f"{self.place} refused ({self.code}): {self.text}"
