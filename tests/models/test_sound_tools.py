"""Noise and music taken away by the tools, with real runtimes and small networks made here."""

from __future__ import annotations

import io

import numpy as np
import pytest

from gleanery.errors import EngineError, ModelToolError
from media.store import open_media
from model_server.audio.overlap import Fader, cut
from model_server.audio.shares import tonal_share
from model_server.client import ModelClient
from model_server.embedded import embedded_server
from model_server.pieces import SoundPiece
from model_server.spec import parse_spec
from tests import tiny_sound
from tests.model_echo import TAXONOMY
from tests.recorded_speech import save, sentences, spoken

pytestmark = pytest.mark.models


@pytest.fixture
def media(tmp_path):
    return open_media(tmp_path / "media")


@pytest.fixture
def ask(tmp_path, media, monkeypatch):
    """Call a tool of a server in this process with a file that was put into its media store."""
    monkeypatch.setenv("GLEANERY_TEST_ENGINES", "1")

    async def ask(tool, engine, path, **options):
        server = embedded_server("stub", tmp_path, tools={tool: engine}, media=media)
        client = ModelClient(server, timeout=120)
        await client.open()
        try:
            return await getattr(client, tool)(media.put_file(path).key, **options)
        finally:
            await client.close()

    return ask


@pytest.fixture(scope="module")
def spleeter(tmp_path_factory):
    return tiny_sound.spleeter(tmp_path_factory.mktemp("spleeter"))


@pytest.fixture(scope="module")
def demucs(tmp_path_factory):
    return tiny_sound.demucs(tmp_path_factory.mktemp("demucs"))


@pytest.fixture(scope="module")
def conv_tasnet(tmp_path_factory):
    return tiny_sound.conv_tasnet(tmp_path_factory.mktemp("conv"))


def heard(media, key):
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(media.read(key)), dtype="float32", always_2d=True)
    return samples.T, rate


@pytest.mark.parametrize("count", [1, 9, 10, 11, 27, 30, 31, 100])
@pytest.mark.parametrize("channels", [0, 2])
def test_pieces_fade_back_into_the_sound_they_were_cut_from(count, channels):
    sound = np.random.default_rng(count).standard_normal((channels or 1, count)).astype(np.float32)
    sound = sound if channels else sound[0]
    blocks = np.split(sound, range(7, count, 7), axis=-1)
    fader = Fader(3)

    settled = [fader.add(piece) for piece in cut(blocks, length=10, overlap=3)]

    back = np.concatenate([*settled, fader.finish()], axis=-1)
    np.testing.assert_allclose(back, sound, atol=1e-6)


def test_chords_have_pitch_and_noise_has_none():
    rng = np.random.default_rng(0)
    times = np.arange(5 * 44_100) / 44_100
    chord = sum(np.sin(2 * np.pi * f * times) for f in (220, 277.2, 329.6, 440, 880))
    white = rng.standard_normal(len(times))

    shares = [tonal_share(x.astype(np.float32)) for x in (chord, white, np.cumsum(white))]

    assert shares[0] > 0.95
    assert max(shares[1:]) < 0.1


async def test_spleeter_parts_a_file_and_tells_the_shares(spleeter, ask, media, tmp_path):
    """Its masks are v²/(v²+a²) below 11 kHz: 0.9 for the voices, 0.1 for the rest."""
    rng = np.random.default_rng(0)
    sound = (0.1 * rng.standard_normal((2, 40 * 44_100))).astype(np.float32)
    sound = band_limited(sound)

    stems = await ask("separate", f"spleeter:{spleeter}", save(tmp_path / "a.flac", sound, 44_100))

    assert [s.name for s in stems.stems] == ["vocals", "accompaniment"]
    assert stems.speech == stems.stems[0].sound
    for stem, factor in zip(stems.stems, (0.9, 0.1), strict=True):
        samples, rate = heard(media, stem.sound)
        assert (samples.shape, rate) == (sound.shape, 44_100)
        inside = slice(64, -64)  # at the ends the sound is mirrored, and has other frequencies
        np.testing.assert_allclose(samples[:, inside], factor * sound[:, inside], atol=2e-3)
    assert stems.shares.speech == pytest.approx(0.81 / 0.82, abs=0.01)
    assert stems.shares.other == pytest.approx(0.01 / 0.82, abs=0.01)


def band_limited(sound):
    spectrum = np.fft.rfft(sound)
    spectrum[:, int(spectrum.shape[1] * 0.45) :] = 0
    return np.fft.irfft(spectrum, sound.shape[1]).astype(np.float32)


async def test_demucs_gives_four_stems_of_any_sound_and_keeps_those_asked_for(
    demucs, ask, media, tmp_path
):
    said = sentences()[1]
    path = save(tmp_path / "a.ogg", said.samples)

    stems = await ask("separate", f"demucs:{demucs}", path, stems=["vocals", "other"])

    assert [s.name for s in stems.stems] == ["other", "vocals"]
    assert sum(stems.shares.model_dump().values()) == pytest.approx(1, abs=0.001)
    assert all(0 <= s.share <= 1 for s in stems.stems)
    samples, rate = heard(media, stems.speech)
    assert samples.shape[0] == 2
    assert samples.shape[1] / rate == pytest.approx(len(said.samples) / 16_000, abs=0.05)


async def test_demucs_gives_six_stems_where_its_network_has_them(ask, tmp_path):
    network = tiny_sound.demucs(tmp_path, tiny_sound.SIX_SOURCES)
    noise = np.random.default_rng(0).standard_normal(44_100).astype(np.float32)

    stems = await ask("separate", f"demucs:{network}", save(tmp_path / "a.flac", noise, 44_100))

    shares = {stem.name: stem.share for stem in stems.stems}
    assert list(shares) == tiny_sound.SIX_SOURCES
    assert sum(shares.values()) == pytest.approx(1, abs=0.001)
    assert stems.shares.speech == pytest.approx(shares["vocals"], abs=0.001)
    instruments = sum(shares[name] for name in ("drums", "bass", "guitar", "piano"))
    assert stems.shares.music >= instruments - 0.001


async def test_a_stem_that_is_not_there_is_named(demucs, ask, tmp_path):
    path = save(tmp_path / "a.wav", np.zeros(16_000, np.float32))

    with pytest.raises(ModelToolError, match="'piano'; there are drums, bass, other, vocals"):
        await ask("separate", f"demucs:{demucs}", path, stems=["piano"])


def test_demucs_answers_as_its_own_driver_does(demucs, tmp_path):
    import torch
    from demucs_infer.apply import apply_model
    from demucs_infer.states import load_model

    engine = parse_spec(f"demucs:{demucs}").make(TAXONOMY, cache=tmp_path)
    engine.load()
    sound = 0.1 * np.random.default_rng(0).standard_normal((2, 44_100)).astype(np.float32)

    (stems,) = engine.separate([SoundPiece(samples=sound, rate=44_100)])

    mono = sound.mean(0)
    network = load_model(demucs).eval()
    with torch.no_grad():
        given = torch.from_numpy((sound - mono.mean()) / mono.std())[None]
        expected = apply_model(network, given, shifts=0)[0].numpy() * mono.std() + mono.mean()
    assert list(stems) == tiny_sound.SOURCES
    np.testing.assert_allclose(np.stack(list(stems.values())), expected, atol=1e-4)


async def test_denoise_gives_a_file_of_the_same_length_and_of_a_fitting_loudness(
    conv_tasnet, ask, media, tmp_path
):
    said = spoken()
    told = []

    clean = await ask(
        "denoise",
        f"conv_tasnet:{conv_tasnet}",
        save(tmp_path / "a.flac", said.samples),
        progress=lambda done, total, _: told.append((done, total)),
    )

    (samples,), rate = heard(media, clean.sound)
    assert (len(samples), rate) == (len(said.samples), 16_000)
    assert 0 <= clean.removed_share <= 1
    fit = np.dot(samples, said.samples) / np.square(samples, dtype=np.float64).sum()
    assert fit == pytest.approx(1, abs=0.02)
    assert told[-1] == (pytest.approx(clean.duration_seconds, abs=0.1),) * 2


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("spleeter:/no/such", "there is no file"),
        ("demucs:/no/such.th", "there is no file"),
        ("conv_tasnet:/no/such.pt", "there is no file"),
    ],
)
def test_weights_that_are_not_there_are_named(spec, reason, tmp_path):
    with pytest.raises(EngineError, match=reason):
        parse_spec(spec).make(TAXONOMY, cache=tmp_path).load()


@pytest.mark.parametrize(
    ("told", "shape", "reason"),
    [
        ({"model_type": "uvr"}, (2, "n", 512, 1024), "no Spleeter of two stems"),
        ({"model_type": "spleeter", "stems": "2"}, (2, "n", 8, 8), "not \\(2, n, 512, 1024\\)"),
    ],
)
def test_another_onnx_file_does_not_end_the_process(told, shape, reason, spleeter, tmp_path):
    for stem in ("vocals", "accompaniment"):
        tiny_sound.save_gain(tmp_path / f"{stem}.onnx", 1.0, told, shape)

    with pytest.raises(EngineError, match=reason):
        parse_spec(f"spleeter:{tmp_path}").make(TAXONOMY, cache=tmp_path).load()


def test_code_in_a_demucs_file_does_not_run(tmp_path):
    import torch

    torch.save({"klass": print, "args": ("run",), "kwargs": {}, "state": {}}, tmp_path / "a.th")

    with pytest.raises(EngineError, match="UnpicklingError"):
        parse_spec(f"demucs:{tmp_path / 'a.th'}").make(TAXONOMY, cache=tmp_path).load()
