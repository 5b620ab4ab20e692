"""The command ``gleanery``: one file per command."""
