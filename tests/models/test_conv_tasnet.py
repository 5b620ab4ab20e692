"""Conv-TasNet on checkpoints under others' names, beside modules written from their papers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gleanery.errors import EngineError
from model_server.pieces import SoundPiece
from model_server.spec import parse_spec
from tests.model_echo import TAXONOMY

pytestmark = pytest.mark.models
FILTERS, LENGTH, NECK, HIDDEN, BLOCKS, REPEATS = 24, 16, 12, 20, 3, 2


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="needs torch: make test-models")


@pytest.fixture(scope="module")
def reference(torch):
    """The network as modules, with attributes named as in torchaudio and in asteroid."""
    from tests import conv_tasnet_modules  # noqa: PLC0415 - it needs torch

    torch.manual_seed(3)
    return conv_tasnet_modules


def engine_of(path, tmp_path, **options):
    cls = parse_spec("conv_tasnet:x").engine
    engine = cls(TAXONOMY, cls.Options(model=str(path), device="cpu", **options), cache=tmp_path)
    engine.load()
    return engine


def sound(count=4001, seed=0):
    return (0.3 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def answer(engine, samples, rate=16_000):
    return engine.denoise([SoundPiece(samples=samples, rate=rate)])[0]


SIZES = {
    "filters": FILTERS, "length": LENGTH, "neck": NECK, "hidden": HIDDEN,
    "blocks": BLOCKS, "repeats": REPEATS,
}  # fmt: skip


@pytest.mark.parametrize("count", [5, 16, 4000, 4001, 4007])
@pytest.mark.parametrize("sources", [1, 2])
def test_torchaudios_state_dict_gives_what_its_modules_give(
    count, sources, reference, torch, tmp_path
):
    modules = reference.Torchaudio(sources=sources, **SIZES)
    torch.save(modules.state_dict(), path := tmp_path / "model.pt")
    engine = engine_of(path, tmp_path, blocks=BLOCKS)
    samples = sound(count)

    clean = answer(engine, samples)

    with torch.no_grad():
        expected = modules(torch.from_numpy(samples)).sum(0).numpy()
    assert clean.shape == samples.shape
    np.testing.assert_allclose(clean, expected, atol=2e-6)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("norm", ["gLN", "cLN"])
@pytest.mark.parametrize("skip", [10, 0])
def test_asteroids_package_says_itself_how_it_is_run(  # noqa: PLR0917
    causal, norm, skip, reference, torch, tmp_path
):
    modules = reference.Asteroid(sources=2, skip=skip, norm=norm, causal=causal, **SIZES)
    arguments = {
        "n_blocks": BLOCKS, "stride": LENGTH // 2, "norm_type": norm, "mask_act": "relu",
        "causal": causal, "sample_rate": 16_000, "encoder_activation": "relu",
    }  # fmt: skip
    packed = {"model_name": "ConvTasNet", "state_dict": modules.state_dict()}
    torch.save(packed | {"model_args": arguments}, path := tmp_path / "model.bin")
    engine = engine_of(path, tmp_path, source=1)
    samples = sound()

    clean = answer(engine, samples)

    with torch.no_grad():
        expected = modules(torch.from_numpy(samples))[1].numpy()
    np.testing.assert_allclose(clean, expected, atol=2e-6)


def test_safetensors_with_arguments_in_their_metadata(reference, torch, tmp_path):
    from safetensors.torch import save_file

    modules = reference.Asteroid(sources=1, skip=10, norm="gLN", causal=False, **SIZES)
    told = {"n_blocks": BLOCKS, "mask_act": "relu", "encoder_activation": "relu"}
    path = tmp_path / "model.safetensors"
    save_file(modules.state_dict(), path, {"model_args": json.dumps(told)})
    samples = sound()

    clean = answer(engine_of(path, tmp_path), samples)

    with torch.no_grad():
        expected = modules(torch.from_numpy(samples))[0].numpy()
    np.testing.assert_allclose(clean, expected, atol=2e-6)


def test_another_rate_is_changed_to_the_models_and_back(reference, torch, tmp_path):
    modules = reference.Torchaudio(sources=1, **SIZES)
    torch.save(modules.state_dict(), path := tmp_path / "model.pt")
    engine = engine_of(path, tmp_path, blocks=BLOCKS, rate=8_000)

    clean = answer(engine, sound(16_001))

    assert clean.shape == (16_001,)
    assert np.isfinite(clean).all()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda torch, path: path.write_bytes(b"nothing"), "Error"),
        (lambda torch, path: torch.save({"a.weight": torch.zeros(1)}, path), "no Conv-TasNet"),
        (lambda torch, path: torch.save([1], path), "holds a list"),
        (lambda torch, path: torch.save({"state_dict": print}, path), "UnpicklingError"),
        (lambda torch, path: None, "there is no file"),
    ],
    ids=["bytes", "another network", "a list", "code", "nothing"],
)
def test_what_is_no_checkpoint_is_refused_without_running_it(make, reason, torch, tmp_path):
    make(torch, path := tmp_path / "model.pt")

    with pytest.raises(EngineError, match=reason):
        engine_of(path, tmp_path)
