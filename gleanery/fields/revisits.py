"""Settings of visits: what is fetched again, and when."""

from __future__ import annotations

from pydantic import Field

from gleanery.fields.base import Fields


class RevisitFields(Fields):
    """Settings of visits: what is fetched again, and when."""

    revisit_min_hours: float = Field(1.0, gt=0)
    """Shortest time between two visits of an item; see docs/revisits.md."""
    revisit_max_hours: float = Field(336.0, gt=0)
    """Longest one; what stands still at that pace is dead, and is not visited again."""
    revisit_target: float = Field(0.1, gt=0)
    """Movement of views, votes or comments, as a share, that the next visit is to find."""
    revisit_patience: int = Field(3, ge=1)
    """Visits in a row that find nothing moved before an item is dead."""
    revisit_points: int = Field(64, ge=2)
    """Points of an item's time series that are kept; old ones are thinned out."""

    seed_fading: bool = True
    """Whether seeds of files and profiles that bring little get fewer requests, and rest."""
    seed_target: float = Field(0.05, gt=0)
    """Good items a request from which on a seed has its whole budget; see docs/revisits.md."""
    seed_floor: float = Field(0.1, gt=0, le=1)
    """Smallest share of its usual requests that a fading seed gets."""
    seed_half_life_days: float = Field(7.0, gt=0)
    """Time in which half of what a seed has brought is forgotten."""
    seed_rest_days: float = Field(30.0, ge=0)
    """Longest rest of a seed that brings nothing even so; 0 = seeds never rest."""
