"""``vectorize_video`` on real files: what it returns and keeps, what it refuses, where it stops."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pytest

from gleanery.errors import ModelToolError
from media.sampling import FULL, clips
from media.store import open_media
from model_server.client import ModelClient
from model_server.engines.stub import StubOptions
from model_server.flow import stream
from model_server.server import build_server
from tests.conftest import until
from tests.media import making
from tests.media.making import scenes, video
from tests.model_echo import TAXONOMY, engine_set
from tests.model_seeing import LABELS, SeeingEngine

safetensors = pytest.importorskip("safetensors.numpy", reason="needs gleanery[media]")


@pytest.fixture(scope="session")
def colours(tmp_path_factory):
    """Three scenes of one colour each, 6 s a scene."""
    path = tmp_path_factory.mktemp("colours") / "three.mp4"
    return scenes(path, *(f"color=c={name}" for name in ("red", "lime", "blue")))


@pytest.fixture(scope="session")
def moving(tmp_path_factory):
    """FFmpeg's test picture, 20 s."""
    return video(tmp_path_factory.mktemp("moving") / "moving.mp4", seconds=20)


@pytest.fixture
def store(tmp_path):
    return open_media(tmp_path / "media")


@pytest.fixture
async def serve(store):
    """Client of a server in this process that has an engine."""
    clients = []

    async def start(engine):
        server = build_server(engine_set(engine), TAXONOMY, media=store)
        clients.append(ModelClient(server, timeout=60))
        await clients[-1].open()
        return clients[-1]

    yield start
    for client in clients:
        await client.close()


def whole(seconds=1.0):
    return {"stride_seconds": seconds, "scene_aware": False, "skip_near_duplicates": False}


async def test_a_video_gives_vectors_of_its_frames_its_clips_and_itself(serve, store, colours):
    client = await serve(SeeingEngine())
    heard = []

    result = await client.vectorize_video(
        store.put_file(colours).key,
        stride_seconds=0.5,
        progress=lambda done, total, message: heard.append((done, total)),
    )
    tensors = safetensors.load(store.read(result.vectors))

    count = result.clips
    assert {name: (t.shape, t.dtype.name) for name, t in tensors.items()} == {
        "frames": ((8 * count, 4), "float32"),
        "frame_times": ((8 * count,), "float32"),
        "clips": ((count, 4), "float32"),
        "clip_times": ((count, 2), "float32"),
        "clip_seconds": ((count,), "float32"),
        "clip_top5_labels": ((count, 4), "int32"),
        "clip_top5_scores": ((count, 4), "float32"),
        "video": ((4,), "float32"),
        "video_logits": ((4,), "float32"),
        "scenes": ((3,), "float32"),
    }
    for name in ("frames", "clips", "video"):
        norms = np.linalg.norm(tensors[name], axis=-1)
        assert norms == pytest.approx(np.ones(norms.shape), abs=1e-5)
    assert (np.diff(tensors["frame_times"]) >= 0).all()
    assert tensors["clip_seconds"].sum() == pytest.approx(18, abs=0.2)
    assert [clip.labels[0].name for clip in result.clip_labels] == ["red", "green", "blue"]
    assert result.scenes == pytest.approx([0, 6, 12], abs=0.3)
    assert result.duration_seconds == pytest.approx(18, abs=0.2)
    assert (result.frames, result.dim, result.size) == (24, 4, store.size(result.vectors))
    assert heard[-1] == pytest.approx((3, 3), abs=0.01)  # signs of life add a millionth each


async def test_frames_of_any_source_give_what_the_file_gives(serve, store, moving):
    """The same pixels by hand: the same vectors to the last bit."""
    client = await serve(SeeingEngine())
    read = list(clips(moving, FULL))
    pixels = np.concatenate([clip.frames for clip in read])
    times = np.concatenate([clip.times for clip in read]).tolist()

    of_file = await client.vectorize_video(
        store.put_file(moving).key, scene_aware=False, skip_near_duplicates=False
    )
    of_frames = await client.vectorize_frames(
        base64.b64encode(pixels.tobytes()).decode(), times=times
    )

    one, other = (safetensors.load(store.read(r.vectors)) for r in (of_file, of_frames))
    for name in ("frames", "clips", "frame_times", "clip_times", "clip_top5_labels"):
        assert np.array_equal(one[name], other[name])
    assert one["video"] == pytest.approx(other["video"], abs=1e-7)
    assert of_file.labels == of_frames.labels


async def test_the_same_video_twice_is_kept_once(serve, store, moving):
    client = await serve(SeeingEngine())
    key = store.put_file(moving).key

    first = await client.vectorize_video(key, max_clips=2, skip_near_duplicates=False)
    second = await client.vectorize_video(key, max_clips=2, skip_near_duplicates=False)

    assert first == second
    assert first.clips == 2
    assert len(list(store.scan())) == 2


async def test_what_is_shown_for_longer_weighs_more(serve, store, tmp_path):
    """A still picture for 40 s is one clip, and the video's label."""
    client = await serve(SeeingEngine())
    path = tmp_path / "still.mp4"
    scenes(path, "color=c=red", "color=c=red", "color=c=red", "color=c=blue", seconds=10)

    result = await client.vectorize_video(store.put_file(path).key)

    tensors = safetensors.load(store.read(result.vectors))
    assert (result.clips, result.labels[0].name) == (2, "red")
    assert tensors["clip_seconds"].tolist() == pytest.approx([30, 10], abs=1)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("/etc/passwd", "is no key of the media store"),
        ("../" * 20 + "etc/passwd", "is no key"),
        ("http://127.0.0.1/x.mp4", "is no key"),
        ("A" * 64, "is no key"),
        ("ab" * 32, "ab" * 32),
    ],
)
async def test_only_keys_of_files_that_are_kept_are_read(serve, key, message):
    client = await serve(SeeingEngine())

    with pytest.raises(ModelToolError, match=message):
        await client.vectorize_video(key)


@pytest.mark.parametrize("data", [b"", b"no video at all" * 100], ids=["empty", "text"])
async def test_a_file_that_is_no_video_is_refused_and_the_server_lives(serve, store, data, moving):
    client = await serve(SeeingEngine())

    with pytest.raises(ModelToolError) as caught:
        await client.vectorize_video(store.put_bytes(data).key)
    after = await client.vectorize_video(store.put_file(moving).key, max_clips=1)

    assert str(caught.value)
    assert after.clips == 1


@pytest.mark.slow
async def test_one_server_outlives_every_odd_and_hostile_file(serve, store, tmp_path):
    """Each gets its vectors or its reason; ``tests/media/test_hostile.py`` has more of them."""
    client = await serve(SeeingEngine())
    film = making.video(tmp_path / "film.mp4", seconds=1, sound=True)
    data = film.read_bytes()
    refused = {
        "broken at its start": data[: len(data) // 2],
        "not a media file": b"<html>" + data[9:],
        "more than 36,000,000 pixels": making.of_16k(tmp_path / "a.avi"),
        "no video stream": sound_alone(tmp_path / "a.m4a"),
    }
    read = [
        making.of_100_hours(tmp_path / "long.mkv", film),
        making.video(tmp_path / "mute.webm", seconds=1),
        making.uneven(tmp_path / "uneven.mp4"),
        making.turned(tmp_path / "turned.mp4", 90),
        making.hdr(tmp_path / "hdr.mp4", "smpte2084", "0x808080"),
    ]

    async def of(given):
        put = store.put_bytes if isinstance(given, bytes) else store.put_file
        try:
            return await client.vectorize_video(put(given).key, max_clips=1)
        except ModelToolError as error:
            return str(error)

    said = {reason: await of(given) for reason, given in refused.items()}
    found = [await of(path) for path in read]

    assert [reason for reason, text in said.items() if reason not in str(text)] == [], said
    assert [getattr(one, "clips", one) for one in found] == [1] * len(read)
    assert found[0].duration_seconds == pytest.approx(1, abs=0.1)


def sound_alone(path):
    making.ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", path)
    return path


@pytest.mark.parametrize("wrong", [{"stride_seconds": 0}, {"max_clips": 0}, {"max_clips": 10**6}])
async def test_a_plan_out_of_range_is_refused(serve, wrong):
    client = await serve(SeeingEngine())

    with pytest.raises(ModelToolError):
        await client.vectorize_video("ab" * 32, **wrong)


async def test_calling_off_stops_the_decoder_and_the_engine(serve, store, moving):
    engine = SeeingEngine(options=StubOptions(max_batch=1))
    client = await serve(engine)
    key = store.put_file(moving).key
    engine.open.clear()
    asked = asyncio.create_task(client.vectorize_video(key, **whole(0.1)))
    await until(lambda: engine.begun)

    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    engine.open.set()
    await asyncio.sleep(0.5)
    again = await client.vectorize_video(key, max_clips=1)

    assert again.clips == 1
    assert engine.clips <= 4  # of 25


async def test_reading_keeps_a_bounded_distance_from_the_engine():
    """Twice a batch of pieces, however slow the engine is."""
    engine = SeeingEngine(options=StubOptions(max_batch=3, linger_seconds=0))
    engines = engine_set(engine)
    read = farthest = seen = 0
    known = engines.able("vectorize_video").readers

    def pieces():
        nonlocal read
        for n in range(60):
            read += 1
            yield np.full((8, 224, 224, 3), 1 + n, np.uint8)

    async for piece, answer in stream(engines, "vectorize_video", pieces()):
        farthest = max(farthest, read - seen)
        assert piece[0, 0, 0, 0] == seen + 1
        assert answer.value.labels == LABELS
        seen += 1

    assert (seen, known) == (60, 1)  # nobody knew before it was loaded
    assert engines.able("vectorize_video").readers == 3
    assert farthest <= 7  # six under way, and the one in hand
