"""Both Whisper engines hear recorded speech, through the tool, with the same small real model."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from gleanery.errors import ConfigError, EngineError, ModelToolError
from media.store import open_media
from model_server.client import ModelClient
from model_server.embedded import embedded_server
from model_server.pieces import SoundPiece
from model_server.spec import parse_spec
from tests.model_echo import TAXONOMY
from tests.recorded_speech import RATE, save, sentences, spoken, word_errors

pytestmark = pytest.mark.models
ENGINES = ("faster_whisper", "openai_whisper")


def _text(folder):
    path = folder / "text.txt"
    path.write_text("hello")
    return path


def _silent_video(folder):
    import av

    path = folder / "silent.mp4"
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        file.mux(stream.encode(None))
    return path


@pytest.fixture
def media(tmp_path):
    return open_media(tmp_path / "media")


@pytest.fixture(params=ENGINES)
def engine(request, whisper_model):
    return f"{request.param}:{whisper_model(request.param)}"


@pytest.fixture
def quick(whisper_model):
    return f"faster_whisper:{whisper_model('faster_whisper')}"


@pytest.fixture
def talk(tmp_path, media, monkeypatch):
    """Ask a server in this process; sound is kept in its media store first."""
    monkeypatch.setenv("GLEANERY_TEST_ENGINES", "1")

    async def ask(engine, path, **options):
        server = embedded_server("stub", tmp_path, tools={"transcribe": engine}, media=media)
        client = ModelClient(server, timeout=120)
        await client.open()
        try:
            key = path if isinstance(path, str) else media.put_file(path).key
            return await client.transcribe(key, **options)
        finally:
            await client.close()

    return ask


async def test_speech_is_written_down_with_times(engine, talk, tmp_path):
    said = spoken()
    told = []

    heard = await talk(
        engine,
        save(tmp_path / "said.flac", said.samples),
        word_times=True,
        progress=lambda done, total, _: told.append((done, total)),
    )

    assert word_errors(said.text, heard.text) <= 0.15
    assert (heard.language, heard.engine) == ("en", engine)
    assert heard.duration_seconds == pytest.approx(len(said.samples) / RATE, abs=0.1)
    assert told[-1][0] == pytest.approx(heard.duration_seconds, abs=4)
    starts = [line.start for line in heard.segments]
    assert starts == sorted(starts)
    first = heard.segments[0]
    assert first.start < 0.6
    assert [w.text.strip(".,") for w in first.words][-8:-5] != []
    assert all(
        line.start <= w.start <= w.end <= line.end + 0.5
        for line in heard.segments
        for w in line.words
    )


async def test_words_are_timed_where_they_are_said_in_a_long_sparse_sound(quick, talk, tmp_path):
    """An hour with a sentence at 10, 1800 and 3590 seconds: only those are given to the engine."""
    sound = np.zeros(3600 * RATE, np.float32)
    places = [10, 1800, 3590]
    for place, one in zip(places, sentences()[2:], strict=True):
        sound[place * RATE : place * RATE + len(one.samples)] = one.samples
    path = save(tmp_path / "hour.flac", sound)

    heard = await talk(quick, path)

    text = " ".join(one.text for one in sentences()[2:])
    assert word_errors(text, heard.text) <= 0.15
    assert heard.speech_seconds < 20
    assert [line.start for line in heard.segments] == pytest.approx(places, abs=0.8)


@pytest.mark.parametrize("kind", ["silence", "noise", "music", "moment"])
async def test_what_is_no_speech_gives_an_empty_transcript(kind, engine, talk, tmp_path):
    seconds = np.arange(20 * RATE) / RATE
    rng = np.random.default_rng(1)
    sounds = {
        "silence": np.zeros(20 * RATE),
        "noise": 0.1 * rng.standard_normal(20 * RATE),
        "music": sum(0.1 * np.sin(2 * np.pi * f * seconds) for f in (220, 277.2, 329.6)),
        "moment": np.zeros(160),
    }

    heard = await talk(engine, save(tmp_path / "sound.wav", sounds[kind].astype(np.float32)))

    assert (heard.text, heard.segments, heard.language, heard.speech_seconds) == ("", [], "", 0)


async def test_without_looking_for_speech_everything_is_heard(talk, tmp_path, quick):
    said = spoken(times=2)

    heard = await talk(quick, save(tmp_path / "said.ogg", said.samples), vad=False)

    assert word_errors(said.text, heard.text) <= 0.15
    assert heard.speech_seconds == pytest.approx(heard.duration_seconds, abs=0.1)


async def test_both_engines_hear_the_same(talk, tmp_path, whisper_model):
    """The file for openai-whisper is made of CTranslate2's weights; greedy, in fp32, they agree."""
    said = sentences()
    heard = {}
    for name, more in (("faster_whisper", {"compute_type": "float32"}), ("openai_whisper", {})):
        cls = parse_spec(f"{name}:x").engine
        options = cls.Options(model=str(whisper_model(name)), beam_size=1, **more)
        engine = cls(TAXONOMY, options, cache=tmp_path)
        engine.load()
        pieces = [SoundPiece(samples=one.samples, rate=RATE) for one in said]
        heard[name] = [[s.text for s in speech.segments] for speech in engine.transcribe(pieces)]
        engine.close()

    assert heard["faster_whisper"] == heard["openai_whisper"]


async def test_a_call_that_is_called_off_ends_between_two_windows(talk, tmp_path, quick):
    said = spoken(times=12)
    reached = []
    first = asyncio.Event()

    def progress(done, *_):
        reached.append(done)
        if done > 1:
            first.set()

    path = save(tmp_path / "long.flac", said.samples)
    asked = asyncio.create_task(talk(quick, path, progress=progress))
    async with asyncio.timeout(120):
        await first.wait()
    asked.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asked
    assert max(reached) < len(said.samples) / RATE - 60


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_text, "not a media file"),
        (_silent_video, "no sound"),
        (lambda _: "0" * 64, "0000"),
        (lambda _: "/etc/passwd", "no key"),
    ],
    ids=["text", "video without sound", "unknown key", "path"],
)
async def test_what_has_no_sound_is_refused_with_the_reason(
    make, reason, talk, tmp_path, whisper_model
):
    engine = f"faster_whisper:{whisper_model('faster_whisper')}"

    with pytest.raises(ModelToolError, match=reason):
        await talk(engine, make(tmp_path))


async def test_a_server_without_an_engine_says_what_to_set(talk, tmp_path):
    with pytest.raises(ModelToolError, match="no engine of this server can transcribe"):
        await talk("", save(tmp_path / "a.wav", np.zeros(RATE, np.float32)))


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("faster_whisper:/no/such/folder", "lacks model.bin"),
        ("faster_whisper:largest", "Invalid model size 'largest'"),
        ("openai_whisper:/no/such/file.pt", "there is no file"),
        ("openai_whisper:largest", "no Whisper is called 'largest'"),
    ],
)
def test_a_model_that_is_not_there_is_named(spec, reason, tmp_path):
    engine = parse_spec(spec).make(TAXONOMY, cache=tmp_path)

    with pytest.raises(EngineError, match=reason):
        engine.load()


def test_a_broken_checkpoint_is_an_error_of_ours(tmp_path):
    path = tmp_path / "broken.pt"
    path.write_bytes(b"PK\x03\x04 this is no checkpoint")
    engine = parse_spec(f"openai_whisper:{path}").make(TAXONOMY, cache=tmp_path)

    with pytest.raises(EngineError, match=r"broken\.pt"):
        engine.load()


@pytest.mark.parametrize("name", ENGINES)
def test_a_model_must_be_named(name):
    with pytest.raises(ConfigError, match="model"):
        parse_spec(name)
