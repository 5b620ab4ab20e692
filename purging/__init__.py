"""Remove items from every place that keeps something of them, and prove it."""
