"""What comparing the two halves of a store found and mended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """Counts; of a check alone, what would be mended."""

    documents: int = 0
    """Looked at."""
    entries: int = 0
    """Of the catalogue, looked at."""
    entered: int = 0
    """Documents that had no entry."""
    purged: int = 0
    """Documents that a purge which was cut short had left; removed."""
    rewritten: int = 0
    """Entries of another revision than their document's."""
    orphans: int = 0
    """Entries whose document is gone, those removed included."""
    removed: int = 0
    """Of these, the ones removed."""

    @property
    def found(self) -> int:
        """How much was amiss."""
        return self.entered + self.purged + self.rewritten + self.orphans

    @property
    def left(self) -> int:
        """How much still is, after a run that mends."""
        return self.orphans - self.removed
