"""Training sets on their way out of the store: shards, splits, a card and a manifest."""

from exports.plan import ExportPlan, Ratios, read_plan
from exports.run import ExportResult, export

__all__ = ["ExportPlan", "ExportResult", "Ratios", "export", "read_plan"]
