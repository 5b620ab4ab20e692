"""Whole videos as vectors: what the tools do around the engine."""
