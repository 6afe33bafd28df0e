"""`objstore access …`, `objstore tokens …`, `objstore audit …`: who may do what over the network."""

from __future__ import annotations

import re

import click

from objstore.cli.exit_codes import USAGE
from objstore.cli.failed import Failed
from objstore.cli.lazy_group import PlainGroup
from objstore.cli.session import Session, session, time_text

_TIME = re.compile(r"([1-9][0-9]{0,9})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def access(context: click.Context) -> None:
    """Grant, revoke and list what principals may do over a server.

    What nobody granted is refused. Whoever has the store's files needs no grant. Without a command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_grants)


@access.command("list")
@session
def list_grants(current: Session) -> None:
    """List the grants, by principal."""
    with current.open() as store:
        found = store.access.grants()
    for each in found:
        verbs = each.grant.text.rpartition(":")[2].split(",")
        facts = {"principal": each.principal, "prefix": each.grant.prefix, "verbs": verbs}
        current.row(facts, f"{each.principal}  {each.grant.prefix or '(everything)'}  {','.join(verbs)}")
    if not found and not current.as_json:
        current.say("No grants yet: nobody may do anything. Make one: objstore access grant PRINCIPAL PREFIX VERBS")


@access.command()
@click.argument("principal")
@click.argument("prefix")
@click.argument("verbs")
@session
def grant(current: Session, principal: str, prefix: str, verbs: str) -> None:
    """Grant PRINCIPAL the VERBS on the refs below PREFIX.

    VERBS: read, create, append, force, delete, gc, admin, with commas. PREFIX ends at a slash: conversations/team is
    that ref and what is below it, never conversations/teams; "" is everything. It stands in place of an earlier grant
    on the same PREFIX.
    """
    with current.open() as store:
        made = store.access.grant(principal, prefix, verbs.split(","))
    facts = {"principal": principal, "prefix": prefix, "verbs": made.text.rpartition(":")[2].split(",")}
    current.show(facts, f"{principal} may {', '.join(facts['verbs'])} in {prefix or 'everything'}")


@access.command()
@click.argument("principal")
@click.argument("prefix")
@session
def revoke(current: Session, principal: str, prefix: str) -> None:
    """Take the grant of PRINCIPAL on PREFIX away, at once."""
    with current.open() as store:
        store.access.revoke(principal, prefix)
    current.show({"principal": principal, "prefix": prefix}, f"{principal} has no grant on {prefix or 'everything'}")


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def tokens(context: click.Context) -> None:
    """Create, list and revoke the tokens of a server.

    Only a hash of a token is kept: it is shown once. Without a command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_tokens)


@tokens.command("list")
@session
def list_tokens(current: Session) -> None:
    """List the tokens, oldest first, with those that are revoked."""
    with current.open() as store:
        found = store.access.tokens()
    for each in found:
        narrowed = None if each.narrowed is None else [grant.text for grant in each.narrowed]
        state = "revoked" if each.revoked else f"until {time_text(each.expires)}" if each.expires else "until revoked"
        about = "  ".join(word for word in (*(narrowed or ()), each.note) if word)
        current.row({**each._asdict(), "narrowed": narrowed}, f"{each.id}  {each.principal}  {state}  {about}".rstrip())
    if not found and not current.as_json:
        current.say("No tokens yet. Make one: objstore tokens create PRINCIPAL")


@tokens.command()
@click.argument("principal")
@click.option("--expires", metavar="TIME", help="How long it is good: 90s, 15m, 12h, 30d, 4w (default: until revoked).")
@click.option("--allow", "allowed", multiple=True, metavar="PREFIX:VERBS", help="Narrow it to this; repeatable.")
@click.option("--note", default="", metavar="TEXT", help="What it is for.")
@session
def create(current: Session, principal: str, expires: str | None, allowed: tuple[str, ...], note: str) -> None:
    """Create a token of PRINCIPAL and print it, this once."""
    from objstore.access.grant import parse_grant

    narrowed = [parse_grant(text) for text in allowed] or None
    with current.open() as store:
        text, made = store.access.create_token(principal, expires=_seconds(expires), narrowed=narrowed, note=note)
        if not store.access.grants(principal):
            current.warn(f"{principal} has no grants yet: objstore access grant {principal} PREFIX VERBS")
    current.show({"token": text, "id": made.id, "principal": principal, "expires": made.expires}, text)


@tokens.command("revoke")
@click.argument("token")
@session
def revoke_token(current: Session, token: str) -> None:
    """Revoke a token by its id, at once.

    Those that were narrowed from it are revoked with it.
    """
    with current.open() as store:
        for each in store.access.revoke_token(token):
            current.show({"revoked": each}, f"Token {each} is revoked")


@click.group(cls=PlainGroup, invoke_without_command=True)
@click.pass_context
def audit(context: click.Context) -> None:
    """Show and verify the log of access.

    It holds changes of grants and tokens, and what was refused. What changed refs is in their own logs (`objstore operations`). Without a command: list.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_records)


@audit.command("list")
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="N", help="Only records behind number N.")
@session
def list_records(current: Session, after: int) -> None:
    """List the records, oldest first."""
    with current.open() as store, current.paged():
        for record in store.access.audit(after):
            facts = {**record._asdict(), "previous": record.previous.hex()}
            who = record.principal or "nobody"
            what = " ".join(word for word in (record.action, record.subject, record.new, record.result) if word)
            current.row(facts, f"{record.sequence:>6}  {time_text(record.time)}  {who}  {what}")


@audit.command()
@click.option("--known", metavar="N:HASH", help="What an earlier call printed; the log must still hold it.")
@session
def verify(current: Session, known: str | None) -> None:
    """Check the chain of the whole log, and print how far it goes.

    Note what it prints somewhere else: with --known, a log that was cut or written anew shows.
    """
    from objstore.access.audit import AuditHead

    given = None
    if known is not None:
        match = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", known, re.ASCII)
        if match is None:
            raise Failed(
                f"{known!r} is not what `objstore audit verify` prints: a number, a colon, 64 hex digits", USAGE
            )
        given = AuditHead(int(match[1]), bytes.fromhex(match[2]))
    with current.open() as store:
        head = store.access.verify_audit(given)
    facts = {"sequence": head.sequence, "hash": head.hash.hex()}
    current.show(facts, f"{head.sequence}:{head.hash.hex()}")


def _seconds(text: str | None) -> int | None:
    """Seconds of a time to live. Failed: it is none."""
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise Failed(f"--expires is {text!r}; it takes a time such as 90s, 15m, 12h, 30d or 4w", USAGE)
    return int(match[1]) * _SECONDS[match[2]]
