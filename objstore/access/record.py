"""One record of the log of access, as bytes: canonical JSON, chained by SHA-256. Bytes: docs/format/access.md.

A record names the hash of the one before it, so that none can be changed, left out or moved without all later hashes
changing. It says who did what to which ref or token and what came of it; never content, never a token.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, NamedTuple

from objstore.errors import CorruptObject

NO_RECORD: Final = bytes(32)
"""What the first record names as the one before it."""

MAX_TEXT: Final = 1024
MAX_BYTES: Final = 128 << 10


class AuditRecord(NamedTuple):
    """What happened. `time` in µs since 1970; texts hold at most 1,024 characters, longer ones are cut.

    `action`: "grant", "revoke-grant", "create-token", "narrow-token", "revoke-token", or "refuse". `subject`: the
    principal or token it was done to, or the ref that was refused. `old`, `new`: grants before and after, or what was
    asked for. `result`: "done", or the error. `request`: the id of the request that brought it about, or "".
    """

    sequence: int
    previous: bytes
    time: int
    principal: str
    token: str
    action: str
    subject: str
    old: str
    new: str
    result: str
    request: str


_TEXTS: Final = AuditRecord._fields[3:]


def encode_record(record: AuditRecord) -> bytes:
    """The bytes of a record."""
    facts = {**record._asdict(), "previous": record.previous.hex()}
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def decode_record(data: object) -> AuditRecord:
    """The reverse; `data` is what a table holds. CorruptObject: it is not what `encode_record` writes."""
    try:
        if not isinstance(data, bytes) or len(data) > MAX_BYTES:
            raise ValueError("it is no text of a bearable length")
        facts: dict[str, Any] = json.loads(data.decode("ascii"))
        facts["previous"] = bytes.fromhex(facts["previous"])
        record = AuditRecord(**facts)
        whole = all(type(each) is int and 0 <= each < 1 << 63 for each in (record.sequence, record.time))
        if not whole or not all(type(getattr(record, name)) is str for name in _TEXTS) or len(record.previous) != 32:
            raise ValueError("a field is of another type")
        if any(len(getattr(record, name)) > MAX_TEXT for name in _TEXTS) or encode_record(record) != data:
            raise ValueError("it is not canonical")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptObject(None, f"a record of the log of access: {error}") from None
    return record


def record_hash(data: bytes) -> bytes:
    """What the next record names as the one before it."""
    return hashlib.sha256(b"objstore audit 1\0" + data).digest()


def cut(text: str) -> str:
    """A text as a record holds it. Lone surrogates, which some headers carry, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()[:MAX_TEXT]
