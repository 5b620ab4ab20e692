"""Revisions of the MySQL tables: one file each, run by ``gleanery db migrate``."""
