"""What is done with the sound of a video: ``separate+denoise+transcribe+summarize``, or less."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from gleanery.errors import ConfigError

Step = Literal["separate", "denoise", "transcribe", "summarize"]
"""One step; the order here is the order they run in. Each is a capability of engines."""
STEPS: tuple[Step, ...] = get_args(Step)
NONE = "none"
"""How a plan without steps is written."""


@dataclass(slots=True, frozen=True)
class AudioPlan:
    """Steps for one sound file. Each hears what the one before it made.

    ``separate`` hands the speech stem on, ``denoise`` the cleaned sound, ``transcribe`` the text.
    """

    steps: tuple[Step, ...] = ()
    """In order of :data:`STEPS`, none twice; ``summarize`` only after ``transcribe``."""

    @classmethod
    def parse(cls, text: str) -> AudioPlan:
        """Read ``none`` (or nothing), or steps parted by ``+``; case and spaces do not matter.

        Raises:
            ConfigError: A step is unknown, stands twice or in the wrong place.
        """
        words = [word.strip() for word in text.lower().split("+")]
        if words in ([NONE], [""]):
            return cls()
        for word in words:
            if word not in STEPS:
                close = get_close_matches(word, STEPS, n=1)
                hint = f" Did you mean {close[0]}?" if close else ""
                raise ConfigError(
                    f"audio plan {text!r}: no step is called {word!r}.{hint} "
                    f"Steps are {', '.join(STEPS)}; or {NONE}."
                )
        steps = tuple(step for step in STEPS if step in words)
        if words != list(steps):
            raise ConfigError(f"audio plan {text!r}: write it {'+'.join(steps)}")
        if "summarize" in steps and "transcribe" not in steps:
            raise ConfigError(f"audio plan {text!r}: summarize needs transcribe before it")
        return cls(steps)

    def __str__(self) -> str:
        return "+".join(self.steps) or NONE

    def __bool__(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.steps)

    def __contains__(self, step: object) -> bool:
        return step in self.steps
