"""Signed checkpoints: what a store was, who says so, and whether it still is that."""
