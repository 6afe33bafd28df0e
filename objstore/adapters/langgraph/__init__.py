"""LangGraph on a store: `ObjstoreSaver` keeps the checkpoints of graphs. Needs the extra `langgraph`."""

from objstore.adapters.langgraph.saver import ObjstoreSaver

__all__ = ["ObjstoreSaver"]
