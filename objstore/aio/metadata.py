"""Metadata of conversations, awaited."""

from __future__ import annotations

from objstore.aio.face import Awaited, Face
from objstore.conversations.metadata import Metadata, MetadataDraft


class AsyncMetadata(Face[Metadata]):
    """The metadata of a conversation, live. What `now` gives is read already and needs no awaiting."""

    now = Awaited(Metadata.now)
    get = Awaited(Metadata.get)
    values = Awaited(Metadata.values)
    set = Awaited(Metadata.set)
    update = Awaited(Metadata.update)
    unset = Awaited(Metadata.unset)
    add_tags = Awaited(Metadata.add_tags)
    remove_tags = Awaited(Metadata.remove_tags)

    async def title(self) -> str:
        """As `Metadata.title`."""
        return (await self.now()).title

    async def tags(self) -> frozenset[str]:
        """As `Metadata.tags`."""
        return (await self.now()).tags


class AsyncMetadataDraft(Face[MetadataDraft]):
    """Changes to metadata that become part of a commit."""

    set = Awaited(MetadataDraft.set)
    update = Awaited(MetadataDraft.update)
    unset = Awaited(MetadataDraft.unset)
    add_tags = Awaited(MetadataDraft.add_tags)
    remove_tags = Awaited(MetadataDraft.remove_tags)
