"""One file per page: what it shows, what it changes, and the same as JSON under ``/api``."""
