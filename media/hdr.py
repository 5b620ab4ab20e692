"""Bring frames of high dynamic range to the ordinary one that vision models were trained on."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFERENCE_WHITE_NITS = 203
"""Of diffuse white in HDR (ITU-R BT.2408): it becomes nearly the white of ordinary video."""
_PEAK = 1000 / REFERENCE_WHITE_NITS
_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
"""BT.2020's primaries to BT.709's, in linear light (ITU-R BT.2087)."""


def tone_mapped(pixels: NDArray[np.uint8], transfer: str) -> NDArray[np.uint8]:
    """Return sRGB of the same shape.

    Args:
        pixels: uint8 RGB, shape ``(h, w, 3)``, BT.2020 primaries, code values of ``transfer``.
        transfer: ``"pq"`` or ``"hlg"``.

    The light of a pixel's brightest colour goes through Reinhard's extended curve (2002), 1000 nits
    to white; hue is kept.
    """
    light = _light(transfer)[pixels] @ _TO_BT709.T
    light = np.maximum(light, 0)
    brightest = light.max(axis=-1, keepdims=True)
    light *= (1 + brightest / _PEAK**2) / (1 + brightest) * _GAIN
    return _encoded(np.minimum(light, 1))


_GAIN = 1.6
"""Brings diffuse white to 0.83 of linear light, as bright as broadcasters' conversions have it."""


@cache
def _light(transfer: str) -> NDArray[np.float32]:
    """Linear light of the 256 code values; 1 is reference white."""
    code = np.arange(256) / 255
    if transfer == "pq":  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = code ** (1 / m2)
        nits = 10000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:  # ARIB STD-B67 with BT.2100's system gamma of a 1000-nit screen
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
        nits = 1000 * scene**1.2
    return (nits / REFERENCE_WHITE_NITS).astype(np.float32)


def _encoded(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    low, high = 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055
    return (np.where(light <= 0.0031308, low, high) * 255 + 0.5).astype(np.uint8)
