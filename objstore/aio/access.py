"""Grants and tokens, awaited."""

from __future__ import annotations

from objstore.access.access import Access
from objstore.aio.face import Awaited, Face, Streamed


class AsyncAccess(Face[Access]):
    """Grants, tokens and the log of both."""

    grant = Awaited(Access.grant)
    revoke = Awaited(Access.revoke)
    grants = Awaited(Access.grants)
    create_token = Awaited(Access.create_token)
    narrow_token = Awaited(Access.narrow_token)
    revoke_token = Awaited(Access.revoke_token)
    tokens = Awaited(Access.tokens)
    identify = Awaited(Access.identify)
    refused = Awaited(Access.refused)
    audit = Streamed(Access.audit)
    verify_audit = Awaited(Access.verify_audit)
