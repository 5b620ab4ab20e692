"""Measured goals: ``python -m benchmarks.NAME --json``; ``python -m benchmarks`` runs them all."""
