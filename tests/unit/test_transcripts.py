"""Word errors, subtitles, and texts cut for a summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.subtitles import written
from model_server.audio.planned import Planned
from model_server.audio.word_errors import character_error_rate, plain, word_error_rate
from model_server.client import ModelClient
from model_server.long_summary import split, summarize_long
from model_server.server import build_server
from model_server.sound_schema import Line, Transcript
from tests.model_echo import TAXONOMY, engine_set
from tests.model_talking import TalkingEngine

LINES = [Line(text="Hello -->", start=0.5, end=2.25), Line(text="안녕", start=3600.0, end=3661.125)]
TRANSCRIPT = Transcript(
    language="en", language_score=1.0, text="Hello --> 안녕", segments=LINES, speech_seconds=3.0,
    duration_seconds=3700.0, engine="e", version="1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("txt", "Hello -->\n안녕\n"),
        (
            "srt",
            "1\n00:00:00,500 --> 00:00:02,250\nHello →\n\n2\n01:00:00,000 --> 01:01:01,125\n안녕\n",
        ),
        (
            "vtt",
            "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nHello →\n\n"
            "01:00:00.000 --> 01:01:01.125\n안녕\n",
        ),
    ],
    ids=["txt", "srt", "vtt"],
)
def test_a_transcript_is_written_as_players_read_it(form, text):
    assert written(Planned(transcript=TRANSCRIPT), form) == text


@pytest.mark.models  # jiwer comes with them
def test_case_punctuation_and_titles_are_no_errors():
    assert plain("Mr. O'Neill's  ill-disposed—young man!") == "mister oneills ill disposedyoung man"
    assert word_error_rate(["mister john had then"], ["Mr. John, had then."]) == 0
    assert word_error_rate(["one two three four"], ["one too four"]) == 0.5
    assert word_error_rate([""], [""]) == 0
    assert word_error_rate([""], ["something"]) == 1


@pytest.mark.models
def test_spaces_do_not_count_by_characters():
    assert character_error_rate(["요즘 날씨가 좋다"], ["요즘날씨가 좋다"]) == 0
    assert word_error_rate(["요즘 날씨가 좋다"], ["요즘날씨가 좋다"]) > 0.5


@given(st.text(alphabet="ab. 가", max_size=400), st.integers(5, 60))
def test_pieces_hold_every_word_and_none_is_too_long(text, longest):
    pieces = list(split(text, longest))

    assert all(0 < len(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


async def test_a_long_text_is_summed_up_in_pieces_until_one_is_left():
    """The engine writes how long each piece is."""
    client = ModelClient(build_server(engine_set(TalkingEngine()), TAXONOMY), timeout=60)
    await client.open()

    short = await summarize_long(client, "A sentence. " * 10)
    long = await summarize_long(client, "A sentence. " * 1_000)
    nothing = await summarize_long(client, "  ")
    await client.close()

    assert (short.text, short.engine) == ("119 characters.", "echo")
    assert (nothing.text, nothing.engine) == ("", "")
    assert long.text == "65 characters."  # of three times "3995 characters." and "11 characters."
