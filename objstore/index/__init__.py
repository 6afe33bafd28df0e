"""Indexes: derived from refs and objects, following them, and rebuilt when lost or damaged: catalogue, full text."""
