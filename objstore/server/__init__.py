"""A server for stores: JSON over HTTP for conversations, files and settings, a tenant for each store.

The extra `[server]` brings what it needs. The core is synchronous and runs in threads; the event loop only waits.
"""
