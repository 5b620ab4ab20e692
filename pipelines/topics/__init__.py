"""What is talked about now: clusters of recent items over all platforms."""
