"""An OpenAI-compatible endpoint: its connection, what it offers, and the routes to a label."""
