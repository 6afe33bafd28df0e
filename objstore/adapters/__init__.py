"""Other people's interfaces, spoken by a store: one module for each tool, thin over the public API of objstore.

An adapter is imported by its user (`from objstore.adapters.fsspec import ObjstoreFileSystem`) and needs its extra;
nothing in objstore imports one, so that `import objstore` stays light. An adapter raises what its interface says, not
our errors.
"""
