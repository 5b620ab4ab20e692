"""The kernel: errors, configuration, registry, addresses. It imports nothing of the project."""
