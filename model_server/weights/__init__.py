"""Weights of engines: files named by a lock, fetched from where it says, and checked."""

from model_server.weights.fetching import fetch
from model_server.weights.lock import Model, Weights, read_lock, write_lock
from model_server.weights.sources import Source
from model_server.weights.verifying import State, digest_of, is_there, verify

__all__ = [
    "Model",
    "Source",
    "State",
    "Weights",
    "digest_of",
    "fetch",
    "is_there",
    "read_lock",
    "verify",
    "write_lock",
]
