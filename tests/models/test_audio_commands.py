"""``gleanery transcribe`` and ``gleanery compare-audio``, for real."""

from __future__ import annotations

import shutil

import pytest

from tests import tiny_sound
from tests.cli import gleanery
from tests.recorded_speech import FOLDER

pytestmark = pytest.mark.models


@pytest.fixture
def spec(whisper_model):
    return f"faster_whisper:{whisper_model('faster_whisper')}"


def test_files_become_subtitles_and_a_bad_one_stops_nobody(spec, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("nothing")
    files = [str(FOLDER / "austen_0870.flac"), str(bad)]

    result = gleanery(
        tmp_path, "transcribe", *files, "--engine", spec, "--format", "srt", "--out",
        str(tmp_path / "out"),
    )  # fmt: skip

    assert result.returncode == 1
    assert "bad.wav: " in result.stderr
    text = (tmp_path / "out" / "austen_0870.flac.srt").read_text("utf-8")
    assert text.startswith("1\n00:00:00,")
    assert "consider how much there might be" in text


def test_engines_and_plans_are_compared_on_a_folder(spec, tmp_path):
    folder = tmp_path / "said"
    folder.mkdir()
    for kind in ("flac", "txt"):
        shutil.copy(FOLDER / f"austen_0930.{kind}", folder)

    result = gleanery(tmp_path, "compare-audio", str(folder), "--engines", spec, "--json")

    assert result.returncode == 0, result.stderr
    (trial,) = result.json["trials"]
    assert (trial["engine"], trial["plan"], trial["failed"]) == (spec, "transcribe", "")
    assert trial["wer"] <= 0.15
    assert trial["speed"] > 0
    page = (tmp_path / "compare-audio.html").read_text("utf-8")
    assert "음성 인식 비교" in page
    assert "he might even have been made amiable himself" in page


def test_every_plan_that_the_engines_allow_is_compared(spec, tmp_path):
    """Untrained networks clean and part the sound: that they run is shown, not that they help."""
    folder = tmp_path / "said"
    folder.mkdir()
    for kind in ("flac", "txt"):
        shutil.copy(FOLDER / f"austen_0930.{kind}", folder)

    result = gleanery(
        tmp_path, "compare-audio", str(folder), "--engines", spec, "--language", "en", "--json",
        "--denoise", f"conv_tasnet:{tiny_sound.conv_tasnet(tmp_path)}",
        "--separate", f"spleeter:{tiny_sound.spleeter(tmp_path)}",
    )  # fmt: skip

    assert result.returncode == 0, result.stderr
    trials = {trial["plan"]: trial for trial in result.json["trials"]}
    assert list(trials) == [
        "transcribe", "denoise+transcribe", "separate+transcribe", "separate+denoise+transcribe",
    ]  # fmt: skip
    assert {trial["failed"] for trial in trials.values()} == {""}
    assert [sorted(trial["shares"]) for trial in trials.values()] == [
        [], [], ["music", "other", "speech"], ["music", "other", "speech"],
    ]  # fmt: skip
    assert trials["separate+transcribe"]["wer"] <= 0.15  # that network lets voices through
    assert result.json["recommended"].startswith(spec)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--engines", "e5"], "cannot transcribe"),
        (["--engines", "openai_whisper:x", "--plans", "denoise+transcribe"], "needs --denoise"),
        (["--engines", "openai_whisper:x", "--plans", "denoise"], "does not transcribe"),
        (["--engines", "openai_whisper:x"], "has no sound file with its text"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, reason, tmp_path):
    folder = FOLDER if len(arguments) > 2 or arguments[1] == "e5" else tmp_path

    result = gleanery(tmp_path, "compare-audio", str(folder), *arguments)

    assert result.returncode == 2
    assert reason in result.error
