"""The admin page: look at what was collected, decide, and steer; ``docs/admin.md``."""
