"""Reddit: what to ask its API, and how the answers become items; PRAW's knowledge, no network."""
