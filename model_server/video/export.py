"""A checkpoint as an ONNX file, made once and kept: torch is not needed after that.

Each folder of the cache is whole or not there, and its name says what it was made of: two processes
that export at once do the work twice, and one's folder stays.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gleanery.errors import EngineError
from model_server.video.backends.backend import Computed
from model_server.video.checkpoint import Checkpoint

logger = logging.getLogger(__name__)

FORM = 1
"""Of what is kept; raised when a graph or a file of ours changes."""
INPUT = "pixels"
OUTPUTS = ("frames", "clips", "logits")


def kept(
    cache: Path, checkpoint: Checkpoint, kind: str, packages: tuple[str, ...], make: Make
) -> Path:
    """Return the folder that ``make`` filled, now or before.

    Args:
        cache: Folder of all that is dear to compute.
        checkpoint: Whose weights it holds.
        kind: What is in it.
        packages: Distributions whose versions matter.
        make: Fills a new folder.

    Raises:
        EngineError: It cannot be made; the message says what is missing.
    """
    versions = [f"{name}-{version(name)}" for name in packages]
    key = hashlib.sha256("/".join([checkpoint.digest, str(FORM), kind, *versions]).encode())
    place = cache / "timesformer" / f"{kind}-{key.hexdigest()[:24]}"
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    logger.info("Making %s of %s, once", kind, checkpoint.name)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        make(beside)
        with suppress(OSError):  # another process was first
            beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    if not place.is_dir():
        raise EngineError(f"{place} cannot be written")
    return place


Make = Callable[[Path], None]


def export_onnx(checkpoint: Checkpoint, path: Path) -> None:
    """Write the network for one clip, float32, uint8 frames in.

    Raises:
        EngineError: torch or onnx is not installed, or the weights cannot be loaded.
    """
    try:
        import onnx  # noqa: F401, PLC0415 - an extra, and torch's exporter fails late without it
        import torch

        from model_server.video.network import load_network  # noqa: PLC0415
    except ImportError as error:
        raise EngineError(f"to export it once needs gleanery[models]: {error}") from error
    network = load_network(checkpoint)
    example = torch.zeros(1, 8, 224, 224, 3, dtype=torch.uint8)
    with torch.no_grad(), warnings.catch_warnings():
        # torch warns of the exporter it has replaced; the new one needs onnxscript, and of shapes
        # that the tracer fixes: they are what we want fixed.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            opset_version=17,
            dynamo=False,
        )


def reference(cache: Path, checkpoint: Checkpoint) -> Computed:
    """Return what torch says of :func:`pattern` in float32, computed once.

    Raises:
        EngineError: It was never computed, and torch is not installed.
    """

    def make(folder: Path) -> None:
        try:
            import torch

            from model_server.video.network import load_network  # noqa: PLC0415
        except ImportError as error:
            raise EngineError(f"the first start needs gleanery[models]: {error}") from error
        network = load_network(checkpoint, fused=False)
        with torch.inference_mode():
            answers = network(torch.from_numpy(pattern()))
        arrays = {name: a.numpy() for name, a in zip(OUTPUTS, answers, strict=True)}
        np.savez(folder / "reference.npz", allow_pickle=False, **arrays)

    folder = kept(cache, checkpoint, "reference", (), make)
    with np.load(folder / "reference.npz", allow_pickle=False) as found:
        return Computed(**{name: found[name] for name in OUTPUTS})


def pattern() -> NDArray[np.uint8]:
    """Return one clip that is the same everywhere: moving waves, with noise; ``(1, 8, …)``."""
    t, y, x = np.meshgrid(np.arange(8), np.arange(224), np.arange(224), indexing="ij")
    phase = np.stack([x / 17 + t / 2, y / 23 - t / 3, (x + y) / 31 + t], axis=-1)
    noise = np.random.default_rng(0).uniform(-40, 40, phase.shape)
    clip = np.clip(128 + 80 * np.sin(phase) + noise, 0, 255).astype(np.uint8)
    return clip[None]
