"""A worker runs audio plans with real engines; their networks are small and made here."""

from __future__ import annotations

import pytest

from media.store import open_media
from model_server.sound_schema import Transcript
from tests import tiny_sound
from tests.recorded_speech import save as save_sound
from tests.recorded_speech import sentences, word_errors
from tests.video_site import VideoSite, draw_clip_with_sound
from tests.work_processes import an_article, save, stored, work

pytestmark = pytest.mark.models


@pytest.fixture
def engines(tmp_path_factory, whisper_model):
    """Every engine for sound that the configuration names."""
    folder = tmp_path_factory.mktemp("engines")
    return {
        "GLEANERY_SEPARATE_ENGINE": f"spleeter:{tiny_sound.spleeter(folder)}",
        "GLEANERY_DENOISE_ENGINE": f"conv_tasnet:{tiny_sound.conv_tasnet(folder)}",
        "GLEANERY_TRANSCRIBE_ENGINE": f"faster_whisper:{whisper_model('faster_whisper')}",
        "GLEANERY_SUMMARIZE_ENGINE": f"pegasus:{tiny_sound.pegasus(folder)}",
    }


def test_what_is_said_late_in_a_film_is_written_down_at_its_time(tmp_path, engines):
    said = sentences()[0]
    speech = save_sound(tmp_path / "speech.wav", said.samples)
    film = draw_clip_with_sound(tmp_path / "clip.mp4", seconds=10, sound=speech, late=3)
    with VideoSite(film.read_bytes()) as site:
        item = an_article(site, 1, audio_plan="separate+transcribe")
        save(tmp_path, item)
        work(tmp_path, "enqueue")
        done = work(tmp_path, "--once", "--json", **engines)
    row = stored(tmp_path)[item.identity]

    assert done.json["queue"]["done"] == 1, done.stderr
    film_facts = row["media_files"][0]["facts"]
    assert film_facts["sound_late_seconds"] == pytest.approx(3, abs=0.07)  # 64 ms: AAC's priming
    assert row["media_files"][1]["content_type"] == "audio/x-matroska"
    transcript = open_media(tmp_path / "media").read(row["media_files"][-1]["key"])
    lines = Transcript.model_validate_json(transcript).segments
    assert 2.5 <= lines[0].start <= 3.7  # a window keeps some sound before speech
    assert lines[-1].end <= 3 + len(said.samples) / 16_000 + 0.5


def test_a_worker_does_every_step_of_an_audio_plan(tmp_path, engines):
    said = sentences()[0]
    speech = save_sound(tmp_path / "speech.wav", said.samples)
    film = draw_clip_with_sound(tmp_path / "clip.mp4", seconds=8, sound=speech)
    plans = ["separate+transcribe+summarize", "separate+denoise"]
    with VideoSite(film.read_bytes()) as site:
        items = [an_article(site, n, audio_plan=plan) for n, plan in enumerate(plans)]
        save(tmp_path, *items)
        work(tmp_path, "enqueue")
        done = work(tmp_path, "--once", "--json", **engines)

    assert done.json["steps"] == {"download": 2, "split_sound": 2, "sound": 5}, done.stderr
    heard, cleaned = (stored(tmp_path)[item.identity] for item in items)
    assert made(heard) == [
        ("video", None, None), ("audio", None, None), ("audio", "separate", "vocals"),
        ("audio", "separate", "accompaniment"), ("transcript", plans[0][:19], None),
    ]  # fmt: skip
    _, own, vocals, _, transcript = heard["media_files"]
    assert (vocals["source"], transcript["source"]) == (own["key"], vocals["key"])
    answers = {a["tool"]: a for a in heard["annotations"]}
    assert answers["separate"]["value"]["shares"]["speech"] > 0.9
    assert word_errors(said.text, answers["transcribe"]["value"]["text"]) <= 0.15
    assert answers["summarize"]["engine"].startswith("pegasus:")
    assert answers["summarize"]["value"]["plan"] == plans[0]
    assert made(cleaned)[-1] == ("audio", "separate+denoise", None)
    assert cleaned["media_files"][-1]["source"] == cleaned["media_files"][2]["key"]
    assert 0 <= answer(cleaned, "denoise")["value"]["removed_share"] <= 1


def test_demucs_parts_the_sound_of_a_crawled_video_into_four_stems(tmp_path, tmp_path_factory):
    network = tiny_sound.demucs(tmp_path_factory.mktemp("demucs"))
    speech = save_sound(tmp_path / "speech.wav", sentences()[0].samples)
    film = draw_clip_with_sound(tmp_path / "clip.mp4", seconds=8, sound=speech)
    with VideoSite(film.read_bytes()) as site:
        item = an_article(site, 1, audio_plan="separate")
        save(tmp_path, item)
        work(tmp_path, "enqueue")
        done = work(tmp_path, "--once", "--json", GLEANERY_SEPARATE_ENGINE=f"demucs:{network}")
    row = stored(tmp_path)[item.identity]

    assert done.json["queue"]["done"] == 1, done.stderr
    assert [stem for _, by, stem in made(row) if by == "separate"] == [
        "drums", "bass", "other", "vocals",
    ]  # fmt: skip
    value = answer(row, "separate")["value"]
    assert sorted(value["stems"]) == ["bass", "drums", "other", "vocals"]
    assert sum(value["shares"].values()) == pytest.approx(1, abs=0.001)


def made(row) -> list[tuple[str, str | None, str | None]]:
    files = row["media_files"]
    return [(m["role"], m["facts"].get("made_by"), m["facts"].get("stem")) for m in files]


def answer(row, tool) -> dict:
    return next(a for a in row["annotations"] if a["tool"] == tool)
