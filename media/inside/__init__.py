"""What runs inside the sandbox: standard library and ``av`` only, so that it starts quickly."""
