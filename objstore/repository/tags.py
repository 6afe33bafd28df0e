"""Tags: names that stay where they were put."""

from __future__ import annotations

from collections.abc import Iterator

from objstore.errors import BrokenSignature, CorruptObject, MovedHead, TagExists, UnknownTag
from objstore.keys.keyring import Keyring
from objstore.keys.signature import decode_signature, encode_signature
from objstore.keys.signing_file import key_text
from objstore.objects.kinds import Kind, Oid
from objstore.objects.tags import Tag, decode_tag, encode_tag, signed_bytes
from objstore.repository.branch import Branch
from objstore.repository.repository import Repository
from objstore.repository.revisions import parse_moment, resolve
from refs.edits import ABSENT, Note, RefEdit
from refs.errors import RefConflict


class Tags:
    """The tags of a store."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo

    def create(self, name: str, moment: str, message: str = "", *, sign: bool = False) -> Tag:
        """Name the commit at a moment; `sign`: with the user's own key.

        TagExists; UnknownRevision, InvalidRevision, InvalidRefName; UnsafeKeyFolder, DamagedKey.
        """
        repo = self._repo
        target = resolve(repo, parse_moment(moment))
        now = repo.now()
        tag = Tag(target=target, name=name, author=repo.author, time=now, message=message, signature=None)
        if sign:
            signature = self._need_keyring().sign("tag", signed_bytes(tag))
            tag = tag._replace(signature=encode_signature(signature))
        obj = repo.hasher.object(Kind.TAG, encode_tag(tag))
        try:
            edit = RefEdit(f"tags/{name}", obj.oid, ABSENT)
            repo.storage.apply((obj,), (edit,), Note(repo.author, "tag", now))
        except RefConflict:
            raise TagExists(name) from None
        return tag

    def find(self, prefix: str = "") -> Iterator[Tag]:
        """Tags whose names begin with `prefix`, by name."""
        for ref in self._repo.storage.refs.find(f"tags/{prefix}"):
            yield decode_tag(self._repo.payload(Oid(ref.value), Kind.TAG))

    def verify(self, name: str) -> str:
        """Who signed a tag: the trusted name of the key ("you" for the own one).

        UnknownTag. BrokenSignature: nobody did, the signature does not hold, or it is by an unknown key.
        """
        ref = self._repo.storage.refs.get(f"tags/{name}")
        if ref is None:
            raise UnknownTag(name)
        tag = decode_tag(self._repo.payload(Oid(ref.value), Kind.TAG))
        what = f"the tag {name}"
        if tag.signature is None:
            raise BrokenSignature(what, "it is not signed")
        if tag.name != name:  # What is signed names the tag: a signed one must not pass under another name.
            raise BrokenSignature(what, f"it was made as {tag.name}")
        try:
            signature = decode_signature(tag.signature)
            who = self._need_keyring().who(signature, "tag", signed_bytes(tag))
        except CorruptObject as error:
            raise BrokenSignature(what, error.reason) from None
        if who is None:
            key = key_text(signature.public)
            raise BrokenSignature(what, f"the key {key} is unknown here", key)
        return who

    def _need_keyring(self) -> Keyring:
        keyring = self._repo.keyring
        assert keyring is not None, "a store gives its repository a keyring"
        return keyring

    def delete(self, name: str) -> None:
        """Take a tag away. UnknownTag."""
        branch = Branch(self._repo, f"tags/{name}", UnknownTag)
        try:
            branch.move(None, "delete", branch.need_head())
        except MovedHead:
            raise UnknownTag(name) from None
