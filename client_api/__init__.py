"""The read-only HTTP API over what was collected; ``gleanery serve-api`` runs it."""
