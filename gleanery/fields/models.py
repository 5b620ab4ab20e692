"""Settings of engines, of the model server and of what is done with sound."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, field_validator

from gleanery.audio_plan import NONE, AudioPlan
from gleanery.errors import ConfigError
from gleanery.fields.base import PREFIX, Fields, Words, split

TOOL_ENGINES = {
    "vectorize_video": "video_engine",
    "transcribe": "transcribe_engine",
    "denoise": "denoise_engine",
    "separate": "separate_engine",
    "summarize": "summarize_engine",
}
"""What an engine can do (``model_server.schema.Capability``) → the field that names who does it."""


class ModelFields(Fields):
    """Settings of engines, of the model server and of what is done with sound."""

    model_engine: str = Field(
        "e5", validation_alias=AliasChoices(f"{PREFIX}MODEL_ENGINE", "MODEL_ENGINE")
    )
    """Engine of the model server: ``NAME``, ``NAME:MAIN_OPTION``, or a name of the file below."""
    model_engines_file: Path | None = None
    """Options of engines, and which of them answer which tools; docs/engines.md shows one."""
    video_engine: str = ""
    """Engine that turns videos into vectors, e.g. ``timesformer`` or ``timesformer:FOLDER``.

    Empty: whichever of the file above can, if any.
    """
    transcribe_engine: str = ""
    """Engine that writes speech down: ``faster_whisper:large-v2``, ``openai_whisper:FILE`` …"""
    denoise_engine: str = ""
    """Engine that takes noise away from speech: ``conv_tasnet:FILE``."""
    separate_engine: str = ""
    """Engine that parts voices from music: ``spleeter:FOLDER`` or ``demucs:FILE``."""
    summarize_engine: str = ""
    """Engine that sums texts up, e.g. ``pegasus:google/pegasus-large``; empty = the main one."""
    openai_api_key: SecretStr = SecretStr("")
    """Key that the engine ``openai`` shows to its endpoint."""
    model_server_url: str = ""
    """Running model servers, e.g. ``http://127.0.0.1:8765/mcp``, parted by commas.

    Work goes to whichever is free. Empty: inside the crawl.
    """
    model_server_token: SecretStr = SecretStr("")
    """Bearer token of those servers."""
    model_timeout_seconds: float = Field(60.0, gt=0)
    """Longest wait for one answer of the model server."""
    model_patience_seconds: float = Field(10.0, ge=0)
    """Time that items wait for model servers that are all away; then they pass unclassified."""
    model_batch_size: int = Field(32, ge=1, le=64)
    """Documents sent in one call."""
    taxonomy_file: Path | None = None
    """Categories of your own; default ``HOME/taxonomy.yaml`` if it exists, else ours.

    The crawl and the model server must read the same; ``gleanery proposals accept`` writes it.
    """
    classify_enabled: bool = True
    """Whether the crawl asks the model server at all; ``gleanery reenrich`` catches up later."""
    classify_kinds: Words = ("post", "comment", "article", "video")
    """Kinds of item that get a category and a title."""

    # --- sound of videos
    audio_plan: str = NONE
    """What is done with the sound: ``none``, or some of ``separate+denoise+transcribe+summarize``.

    In this order; ``summarize`` needs ``transcribe``.
    """

    @field_validator("classify_kinds", mode="before")
    @classmethod
    def _split_kinds(cls, value: object) -> object:
        return split(value)

    @field_validator("audio_plan")
    @classmethod
    def _check_audio_plan(cls, value: str) -> str:
        try:
            return str(AudioPlan.parse(value))
        except ConfigError as error:
            raise ValueError(str(error)) from error

    @property
    def tool_engines(self) -> dict[str, str]:
        """Engine of each capability that has a setting of its own; empty = none named."""
        return {capability: getattr(self, name) for capability, name in TOOL_ENGINES.items()}
