"""Settings of work that waits: the files of items."""

from __future__ import annotations

from pydantic import Field

from gleanery.fields.base import Fields


class WorkFields(Fields):
    """Settings of work that waits: the files of items."""

    work_lease_seconds: float = Field(30.0, gt=1)
    """Silence after which a worker counts as dead and its jobs go back."""
    work_attempts: int = Field(3, ge=1)
    """Failures, without a finished step between them, after which a job is parked."""
    work_limit: int = Field(10_000, ge=0)
    """Jobs that wait at most; a crawl that finds more slows down; 0 = any number."""
    work_patience_seconds: float = Field(30.0, ge=0)
    """Longest wait of an item for room; then it is stored without a job and counted."""
    work_downloads: int = Field(2, ge=1)
    """Videos that one worker downloads at once."""
    work_model_calls: int = Field(2, ge=1)
    """Calls of the model server that one worker makes at once."""
    work_retry_seconds: float = Field(60.0, ge=0)
    """Wait of a job after its first failure; four times as long after each further one."""
    work_drain_seconds: float = Field(20.0, ge=0)
    """Time for steps under way to end when a worker is stopped; then their jobs go back."""

    work_key_frames: int = Field(0, ge=0)
    """Key frames of each video that are kept as pictures, unlike scenes first; 0 = none."""
    work_key_frames_svg: bool = False
    """Whether each of them is drawn as a vector graphic, too; needs ``gleanery[media]``."""
