"""The settings' fields by theme; ``gleanery.config.Config`` is all of them together."""
