"""Audio plans are read, checked and written."""

from __future__ import annotations

from itertools import combinations

import pytest

from gleanery.audio_plan import STEPS, AudioPlan
from gleanery.config import Config, load_config
from gleanery.errors import ConfigError

ALLOWED = [
    AudioPlan(steps)
    for count in range(len(STEPS) + 1)
    for steps in combinations(STEPS, count)
    if "summarize" not in steps or "transcribe" in steps
]


@pytest.mark.parametrize("plan", ALLOWED, ids=str)
def test_a_plan_reads_back_what_it_writes(plan):
    assert AudioPlan.parse(str(plan)) == plan


def test_case_and_spaces_do_not_matter_and_nothing_is_none():
    plan = AudioPlan.parse(" Denoise + transcribe ")

    assert plan == AudioPlan(("denoise", "transcribe"))
    assert ("denoise" in plan, "separate" in plan, bool(plan)) == (True, False, True)
    assert not AudioPlan.parse("")
    assert str(AudioPlan.parse("none")) == "none"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("transcibe", "Did you mean transcribe"),
        ("none+transcribe", "no step is called 'none'"),
        ("transcribe+denoise", "write it denoise\\+transcribe"),
        ("denoise+denoise", "write it denoise"),
        ("summarize", "needs transcribe"),
        ("denoise+", "no step is called ''"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_the_reason(text, reason):
    with pytest.raises(ConfigError, match=reason):
        AudioPlan.parse(text)


def test_the_setting_is_checked_when_it_is_read(monkeypatch):
    assert AudioPlan.parse(Config().audio_plan) == AudioPlan()

    monkeypatch.setenv("GLEANERY_AUDIO_PLAN", "Separate+transcribe")
    assert load_config().audio_plan == "separate+transcribe"

    monkeypatch.setenv("GLEANERY_AUDIO_PLAN", "sperate")
    with pytest.raises(ConfigError, match=r"GLEANERY_AUDIO_PLAN.*Did you mean separate"):
        load_config()
