"""What people gave and cannot be taken: values, paths, patterns, queries, moments, files to import."""

from __future__ import annotations

from refs.errors import ObjstoreError


class InvalidValue(ObjstoreError, ValueError):
    """A value cannot be stored. Facts: `path` (as `event.content[2].data`), `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"


class InvalidPath(ObjstoreError, ValueError):
    """A file path is refused. Facts: `path`, `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path!r} is refused as a path: {self.reason}"


class InvalidPattern(ObjstoreError, ValueError):
    """A glob pattern is none. Facts: `pattern`, `reason`."""

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(pattern, reason)
        self.pattern = pattern
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.pattern!r} is no pattern: {self.reason}"


class InvalidQuery(ObjstoreError, ValueError):
    """A search cannot be read. Facts: `text`, `position` (of the fault in it, from 0), `reason` (with the remedy)."""

    def __init__(self, text: str, position: int, reason: str) -> None:
        super().__init__(text, position, reason)
        self.text = text
        self.position = position
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot search for {self.text!r}: at character {self.position + 1}, {self.reason}"


class InvalidRevision(ObjstoreError, ValueError):
    """A text or value does not name a moment. Facts: `text`, `reason`."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text!r} names no moment: {self.reason}"


class AmbiguousId(InvalidRevision):
    """An id prefix fits several objects. Facts: `text`, `candidates` (full ids in hex, at most ten)."""

    def __init__(self, text: str, candidates: tuple[str, ...]) -> None:
        Exception.__init__(self, text, candidates)
        self.text = text
        self.candidates = candidates
        self.reason = f"it fits {len(candidates)} objects or more"

    def __str__(self) -> str:
        return f"{self.text!r} is ambiguous. Give more digits: " + ", ".join(c[:16] for c in self.candidates)


class UnknownRevision(ObjstoreError, LookupError):
    """A well-formed moment does not exist here. Facts: `text`, `reason`."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.text}: {self.reason}"


class CannotBisect(ObjstoreError, ValueError):
    """A search for the first bad moment cannot begin. Facts: `name`, `reason`."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot bisect {self.name}: {self.reason}. Give a good and a bad moment"


class UnknownFormat(ObjstoreError, ValueError):
    """No importer recognises a file. Facts: `source`, `reason`."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"
