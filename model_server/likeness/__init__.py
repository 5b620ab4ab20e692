"""Classifying by likeness: vectors, prototypes, and what people have labelled."""
