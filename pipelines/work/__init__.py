"""What a worker does for one item, step by step; docs/work.md."""
