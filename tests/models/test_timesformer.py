"""The engine ``timesformer`` against transformers' own forward pass, on random weights."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from gleanery.errors import EngineError
from items import load_taxonomy
from model_server.engines.timesformer import MIN_COSINE, TimesformerEngine, TimesformerOptions
from model_server.video.export import pattern

pytestmark = pytest.mark.models
BACKENDS = ("torch", "onnx", "openvino")
TAXONOMY = load_taxonomy()


@pytest.fixture(scope="session")
def video_models():
    for library in ("torch", "transformers", "onnx", "onnxruntime", "openvino", "safetensors"):
        pytest.importorskip(library, reason=f"needs {library}: make test-models")
    from tests import tiny_video  # noqa: PLC0415 - it needs those libraries

    return tiny_video


@pytest.fixture(scope="session")
def small(video_models, tmp_path_factory):
    return video_models.timesformer(tmp_path_factory.mktemp("timesformer") / "small")


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def engine_of(folder, cache, **options):
    options = TimesformerOptions(model=str(folder), **options)
    return TimesformerEngine(TAXONOMY, options, cache=cache)


@pytest.fixture(scope="session", params=BACKENDS)
def engine(request, small, cache):
    engine = engine_of(small, cache, backend=request.param)
    engine.load()
    engine.self_test()
    yield engine
    engine.close()


def clips(count, seed=1):
    """Noise on waves, each clip another one."""
    dimmed = np.random.default_rng(seed).integers(1, 4, count, dtype=np.uint8)
    return [np.roll(pattern()[0], n * 40, 2) // by for n, by in enumerate(dimmed)]


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def expected(video_models, folder, given):
    """Frame vectors by a loop over patches and frames, whose tokens are neighbours."""
    _, last, logits = video_models.hub_answer(folder, np.stack(given))
    frames = [
        [
            np.mean([row[1 + patch * 8 + frame] for patch in range(196)], axis=0)
            for frame in range(8)
        ]
        for row in last
    ]
    return unit(np.array(frames)), unit(last[:, 0]), logits


def cosines(one, other):
    return (unit(one) * unit(other)).sum(-1)


def test_every_backend_gives_the_vectors_of_transformers_itself(engine, small, video_models):
    given = clips(3)
    frames, whole, logits = expected(video_models, small, given)

    found = engine.vectorize_video(given)

    for n, one in enumerate(found):
        assert (one.frames.shape, one.clip.shape, one.logits.shape) == ((8, 32), (32,), (12,))
        assert one.frames.dtype == one.clip.dtype == one.logits.dtype == np.float32
        assert np.linalg.norm(one.frames, axis=1) == pytest.approx(np.ones(8), abs=1e-5)
        assert np.linalg.norm(one.clip) == pytest.approx(1, abs=1e-5)
        assert cosines(one.frames, frames[n]).min() >= MIN_COSINE
        assert cosines(one.clip, whole[n]) >= MIN_COSINE
        assert cosines(one.logits, logits[n]) >= MIN_COSINE
        assert one.logits.argmax() == logits[n].argmax()
        assert one.labels[0] == "action 0"


def test_torch_is_exact(small, cache, video_models):
    """Merged matrices and all: to the rounding of float32."""
    engine = engine_of(small, cache, backend="torch")
    engine.load()
    frames, whole, logits = expected(video_models, small, clips(2))

    found = engine.vectorize_video(clips(2))

    assert np.stack([f.frames for f in found]) == pytest.approx(frames, abs=2e-5)
    assert np.stack([f.clip for f in found]) == pytest.approx(whole, abs=2e-5)
    assert np.stack([f.logits for f in found]) == pytest.approx(logits, abs=2e-4)


def test_a_clip_does_not_depend_on_its_batch(engine):
    given = clips(3)

    together = engine.vectorize_video(given)
    alone = [engine.vectorize_video([clip])[0] for clip in given]

    for one, other in zip(together, alone, strict=True):
        assert one.frames == pytest.approx(other.frames, abs=1e-5)
        assert one.logits == pytest.approx(other.logits, abs=1e-4)


def test_bfloat16_keeps_close(small, cache):
    engine = engine_of(small, cache, backend="torch", dtype="bfloat16")
    engine.load()

    engine.self_test()

    assert "bfloat16" in engine.version


# --- shapes and what moves: docs/timesformer.md


def test_the_shapes_of_each_step_are_those_of_the_docs(video_models, small):
    hidden, last, logits = video_models.hub_answer(small, pattern())

    steps = [tuple(h.shape) for h in hidden]

    assert steps == [(1, 1 + 196 * 8, 32)] * 3  # after the embedding and after each layer
    assert (last.shape, logits.shape) == ((1, 1569, 32), (1, 12))


def moved(before, after):
    """Which frames' tokens differ, shape (8,), and whether the class token does."""
    differs = np.abs(after - before).max(-1)[0] > 1e-6
    return differs[1:].reshape(196, 8).any(0), bool(differs[0])


def test_a_changed_frame_moves_its_own_embeddings_only_then_its_whole_clip(video_models, small):
    """Layer 0 is one frame's own; temporal attention then mixes the frames of a clip."""
    before, after = pattern(), pattern()
    after[0, 3] = 255 - after[0, 3]
    one, *_ = video_models.hub_answer(small, before)
    other, *_ = video_models.hub_answer(small, after)
    pairs = list(zip(one, other, strict=True))

    embedded = moved(pairs[0][0].numpy(), pairs[0][1].numpy())
    first = moved(pairs[1][0].numpy(), pairs[1][1].numpy())

    assert (embedded[0].tolist(), embedded[1]) == ([n == 3 for n in range(8)], False)
    assert (first[0].tolist(), first[1]) == ([True] * 8, True)


def test_a_changed_frame_moves_its_clip_most_itself_and_no_other_clip(engine):
    given = clips(3)
    changed = [clip.copy() for clip in given]
    changed[1][5] = 255 - changed[1][5]

    before, after = engine.vectorize_video(given), engine.vectorize_video(changed)

    for n in (0, 2):
        assert np.array_equal(before[n].frames, after[n].frames)
        assert np.array_equal(before[n].clip, after[n].clip)
    shift = np.linalg.norm(after[1].frames - before[1].frames, axis=1)
    assert (shift > 0).all()
    assert shift.argmax() == 5
    assert not np.array_equal(before[1].clip, after[1].clip)


# --- exported once


def test_what_was_exported_serves_without_the_weights_being_read_into_torch(small, cache):
    """A second start makes nothing anew: the folders are the same, to their times."""
    engine_of(small, cache, backend="onnx").load()
    before = {p: p.stat().st_mtime_ns for p in cache.rglob("*")}

    engine = engine_of(small, cache, backend="onnx")
    engine.load()
    engine.self_test()

    assert {p: p.stat().st_mtime_ns for p in cache.rglob("*")} == before


def test_other_weights_are_another_export_and_another_version(small, video_models, tmp_path):
    other = video_models.timesformer(tmp_path / "small", seed=1)
    engines = [engine_of(f, tmp_path / "cache", backend="onnx") for f in (small, other)]
    for engine in engines:
        engine.load()
        engine.self_test()

    assert engines[0].version != engines[1].version
    assert len(list((tmp_path / "cache" / "timesformer").glob("int8-*"))) == 2


def _load_in_a_process(folder, cache):
    engine = engine_of(folder, cache, backend="onnx")
    engine.load()
    engine.self_test()
    return engine.vectorize_video([pattern()[0]])[0].clip


def test_two_processes_may_export_at_once(small, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        one, other = pool.map(_load_in_a_process, [small] * 2, [tmp_path / "cache"] * 2)

    kept = sorted(p.name.partition("-")[0] for p in (tmp_path / "cache" / "timesformer").iterdir())
    assert np.array_equal(one, other)
    assert kept == ["int8", "reference"]


# --- what cannot run says why


def test_a_broken_runtime_is_refused(small, tmp_path):
    """Another checkpoint's export in the place of this one's."""
    engine = engine_of(small, tmp_path, backend="onnx")
    engine.load()
    engine.self_test()
    (path,) = (tmp_path / "timesformer").glob("reference-*/reference.npz")
    with np.load(path) as kept:
        other = dict(kept) | {"clips": kept["clips"][:, ::-1]}
    np.savez(path, **other)

    with pytest.raises(EngineError, match=r"cosine .* to torch, 0.998 is the least"):
        engine.self_test()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_frames": 16}, "num_frames is 16, only 8 is known"),
        ({"model_type": "videomae"}, "model_type is 'videomae'"),
        ({"attention_type": "joint_space_time"}, "attention_type is"),
    ],
)
def test_another_architecture_is_refused(small, tmp_path, change, message):
    folder = tmp_path / "other"
    shutil.copytree(small, folder)
    told = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(told | change), "utf-8")

    with pytest.raises(EngineError, match=message):
        engine_of(folder, tmp_path).load()


def test_missing_and_broken_checkpoints_say_so(small, tmp_path):
    empty, broken = tmp_path / "empty", tmp_path / "broken"
    shutil.copytree(small, empty)
    (empty / "model.safetensors").unlink()
    shutil.copytree(small, broken)
    (broken / "model.safetensors").write_bytes(b"\x00" * 100)

    for folder, message in (
        (tmp_path / "nowhere", "is no folder|neither a folder"),
        (empty, "has no weights"),
        (broken, "cannot be loaded"),
    ):
        with pytest.raises(EngineError, match=message):
            engine_of(folder, tmp_path / "cache", backend="torch").load()


def test_what_is_worth_running_at_once_fills_a_batch(small, cache):
    """On two cores that is one clip, so that calls end in between; on sixteen it is eight."""
    for backend, threads, at_once in (("onnx", 2, 1), ("onnx", 16, 8), ("openvino", 16, 1)):
        engine = engine_of(small, cache, backend=backend, threads=threads)
        engine.load()

        budget = engine.options.max_batch_tokens
        assert (
            at_once * engine.cost(pattern()[0]) <= budget < 2 * at_once * engine.cost(pattern()[0])
        )
        assert engine.readers == (4 if at_once == 8 else 1)


def test_clips_side_by_side_are_those_one_after_the_other(small, cache):
    given = clips(5)
    answers = []
    for threads in (1, 8):
        engine = engine_of(small, cache, backend="onnx", threads=threads)
        engine.load()
        answers.append(engine.vectorize_video(given))

    for one, other in zip(*answers, strict=True):
        assert one.frames == pytest.approx(other.frames, abs=1e-5)
        assert one.logits == pytest.approx(other.logits, abs=1e-4)


@pytest.mark.parametrize("patch", [16, 32])
def test_the_forward_pass_for_gpus_gives_the_same(video_models, tmp_path, patch):
    """In float32 on the CPU here: one attention for 14 places each, or 7, does what so many do."""
    import torch

    from model_server.video.checkpoint import find_checkpoint  # noqa: PLC0415
    from model_server.video.gpu_network import GpuNetwork  # noqa: PLC0415
    from model_server.video.network import load_network  # noqa: PLC0415

    shape = video_models.SMALL | {"patch_size": patch}
    folder = video_models.timesformer(tmp_path / "small", **shape)
    network = load_network(find_checkpoint(str(folder), "main"))
    given = torch.from_numpy(np.stack(clips(2)))

    with torch.inference_mode():
        for one, other in zip(network(given), GpuNetwork(network.model)(given), strict=True):
            assert one.numpy() == pytest.approx(other.numpy(), abs=1e-5)


# --- the real size


@pytest.mark.timeout(900)  # 2 s a clip and way on two free cores, minutes on busy ones
def test_the_full_size_is_the_same_as_transformers(video_models, tmp_path):
    """12 layers, 768 wide, 400 labels; int8 too."""
    folder = video_models.timesformer(tmp_path / "base", **video_models.FULL)
    given = [pattern()[0]]
    frames, whole, logits = expected(video_models, folder, given)

    for backend in ("torch", "onnx"):
        engine = engine_of(folder, tmp_path / "cache", backend=backend)
        engine.load()
        (found,) = engine.vectorize_video(given)
        engine.close()

        assert (found.frames.shape, found.clip.shape, found.logits.shape) == (
            (8, 768),
            (768,),
            (400,),
        )
        assert cosines(found.frames, frames[0]).min() >= MIN_COSINE
        assert cosines(found.clip, whole[0]) >= MIN_COSINE
        assert cosines(found.logits, logits[0]) >= MIN_COSINE
