"""OpenVINO without its telemetry: ``import openvino`` alone would report to Google Analytics.

With ``openvino_telemetry`` barred from being imported, OpenVINO uses a stub of its own that does
nothing. Import OpenVINO from here, never directly.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402
from openvino import opset15  # noqa: E402

__all__ = ["openvino", "opset15"]
