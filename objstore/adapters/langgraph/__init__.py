"""LangGraph on a store: `ObjstoreSaver` keeps the checkpoints of graphs, `ObjstoreStore` what agents remember for longer.

Needs the extra `langgraph`.
"""

from objstore.adapters.langgraph.saver import ObjstoreSaver
from objstore.adapters.langgraph.store import ObjstoreStore

__all__ = ["ObjstoreSaver", "ObjstoreStore"]
