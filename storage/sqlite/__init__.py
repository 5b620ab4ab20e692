"""What is in the file of the embedded store."""
