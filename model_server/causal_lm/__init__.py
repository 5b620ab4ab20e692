"""Causal language models of transformers: cached prefixes, guided JSON, ternary weights."""
