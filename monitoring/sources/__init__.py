"""Where the exporter's numbers come from: one file a source."""
