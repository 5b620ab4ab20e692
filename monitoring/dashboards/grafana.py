"""Boards as Grafana reads them, by Grafana's own library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.builders.common import StackingConfig
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import StackingMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

if TYPE_CHECKING:
    from monitoring.dashboards.board import Board, Chart

WIDTH, HEIGHT = 8, 8
"""Of a chart, in Grafana's grid of 24 columns."""
NUMBER = 4
"""Width and height of a single number."""
_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")


def to_json(board: Board) -> str:
    """Return a dashboard's JSON, always the same for the same board."""
    made = (
        Dashboard(board.title)
        .uid(board.uid)
        .tags(["gleanery"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(DatasourceVariable("datasource").type("prometheus").label("Prometheus"))
    )
    for heading, charts in board.rows:
        made = made.with_row(Row(heading))
        for chart in charts:
            made = made.with_panel(_panel(chart))
    return JSONEncoder(sort_keys=True, indent=1).encode(made.build()) + "\n"


def _panel(chart: Chart) -> stat.Panel | timeseries.Panel:
    panel: stat.Panel | timeseries.Panel
    if chart.kind == "number":
        panel = stat.Panel().span(NUMBER).height(NUMBER)
    else:
        panel = timeseries.Panel().span(WIDTH).height(HEIGHT).min(0)
        if chart.kind == "stacked":
            panel = panel.fill_opacity(40).stacking(StackingConfig().mode(StackingMode.NORMAL))
    panel = panel.title(chart.title).description(chart.korean).unit(chart.unit)
    panel = panel.datasource(_SOURCE)
    for number, query in enumerate(chart.queries):
        target = Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(65 + number))
        panel = panel.with_target(target)
    return panel
