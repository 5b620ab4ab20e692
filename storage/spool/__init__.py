"""Where items wait, on this machine's disk, while their store is away."""

from storage.spool.folders import configured_spool, other_spools, spool_folder
from storage.spool.spool import Spool, Waiting

__all__ = ["Spool", "Waiting", "configured_spool", "other_spools", "spool_folder"]
