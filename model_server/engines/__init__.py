"""One file per engine; ``model_server.engine.load_engine`` finds them by their ``name``."""
