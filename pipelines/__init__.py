"""Item pipelines: one file per step."""
