"""Writing refs with all that they reach into a bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from objstore.errors import UnknownRevision
from objstore.objects.kinds import Kind, Object, Oid
from objstore.objects.tags import decode_tag
from objstore.objects.tombstones import tombstone_ref
from objstore.packs.bundle import BundleHeader, BundleWriter
from objstore.packs.frame import group_objects
from objstore.repository.history import is_ancestor
from objstore.repository.repository import Repository
from objstore.repository.revisions import parse_moment, peel, ref_name, resolve
from objstore.sync.closure import Closure
from objstore.sync.negotiation import bases_of

_FRAME = 256 << 10


class Bundled(NamedTuple):
    """What went into a bundle: the refs by full name, how many commits and objects, and its bytes."""

    refs: tuple[str, ...]
    commits: int
    objects: int
    size: int


def export_bundle(
    repo: Repository, names: Iterable[str], write: Callable[[bytes], object], since: Iterable[str] = ()
) -> Bundled:
    """Write a bundle of refs ("c1", "files/ws") and of the tags that point to what they reach.

    With them go the tombstones of the events that were redacted in what they reach, `since` or not.
    What the moments `since` reach is left out; whoever imports it must have them. Settings go along only if they are
    named ("settings/user"), except a conversation's own. UnknownRevision, InvalidRevision, MissingObject, CorruptObject.
    """
    bounds = sorted({resolve(repo, parse_moment(moment)) for moment in since})
    heads = {name: _head(repo, name) for name in sorted({ref_name(name) for name in names})}
    commits = {peel(repo, oid): [name] for name, oid in heads.items()}
    closure = Closure(repo, bases_of(repo, commits, [("", bound) for bound in bounds]))
    aside = _tags(repo, heads, {*closure.commits, *commits}) | _tombstones(repo, closure, [*commits])
    refs = tuple(sorted({**heads, **{name: obj.oid for name, obj in aside.items()}}.items()))
    writer = BundleWriter(write, BundleHeader(refs, tuple(bounds)))
    for group in group_objects(closure.objects(), _FRAME):
        writer.add(group)
    for group in group_objects({obj.oid: obj for obj in aside.values()}.values(), _FRAME):
        writer.add(group)
    size = writer.finish()
    return Bundled(tuple(name for name, _ in refs), len(closure.commits), writer.objects, size)


def _head(repo: Repository, name: str) -> Oid:
    ref = repo.storage.refs.get(name)
    if ref is None:
        raise UnknownRevision(name, "there is no such ref to bundle")
    return Oid(ref.value)


def _tombstones(repo: Repository, closure: Closure, tips: list[Oid]) -> dict[str, Object]:
    """The tombstones of events that the commits to write name, and of those met with what is behind them."""
    absent = closure.redacted
    found: dict[str, Object] = {}
    for tombstone in repo.redactions:
        if tombstone.event in absent or any(_leads_to(repo, tombstone.commit, tip) for tip in tips):
            name = tombstone_ref(tombstone.event)
            ref = repo.storage.refs.get(name)
            assert ref is not None, "a tombstone is never taken away"
            found[name] = repo.storage.read(Oid(ref.value))
    return found


def _leads_to(repo: Repository, commit: Oid, tip: Oid) -> bool:
    """Whether a commit is here and an ancestor of another."""
    return not repo.storage.missing([commit]) and is_ancestor(repo, commit, tip)


def _tags(repo: Repository, heads: dict[str, Oid], reached: set[Oid]) -> dict[str, Object]:
    """The tag objects of the refs `tags/…` that were named or that point to one of these commits."""
    found: dict[str, Object] = {}
    for ref in repo.storage.refs.find("tags/"):
        obj = repo.storage.read(Oid(ref.value))
        if obj.kind is Kind.TAG and (ref.name in heads or decode_tag(obj.payload).target in reached):
            found[ref.name] = obj
    return found
