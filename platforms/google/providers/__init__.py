"""Search providers: one file each, found by ``gleanery.registry.load_folder``."""
