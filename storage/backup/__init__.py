"""Backups of what the servers keep, and bringing them back."""

from storage.backup.folder import Part, complete, open_backup, thin_out, write_backup

__all__ = ["Part", "complete", "open_backup", "thin_out", "write_backup"]
