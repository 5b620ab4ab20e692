"""Settings of `gleanery serve`."""

from __future__ import annotations

from pydantic import Field

from gleanery.fields.base import Fields


class ServeFields(Fields):
    """Ports of what `gleanery serve` starts, all on loopback; scrapyd has its own setting."""

    serve_models_port: int = Field(8765, ge=1, le=65535)
    """Port of the model server that `gleanery serve` starts."""
    serve_admin_port: int = Field(8780, ge=1, le=65535)
    """Port of the admin page that `gleanery serve` starts."""
