"""Results of the tools for sound, shared by server and client."""

from __future__ import annotations

from pydantic import BaseModel, Field


class TimedWord(BaseModel):
    """One word of a transcript."""

    text: str = Field(description="The word, with its punctuation.")
    start: float = Field(description="Seconds from the beginning of the file.")
    end: float = Field(description="Seconds from the beginning of the file.")


class Line(BaseModel):
    """One line of a transcript."""

    text: str = Field(description="What is said.")
    start: float = Field(description="Seconds from the beginning of the file.")
    end: float = Field(description="Seconds from the beginning of the file.")
    words: list[TimedWord] = Field(default=[], description="Empty unless word_times was asked for.")


class Transcript(BaseModel):
    """Result of ``transcribe``."""

    language: str = Field(description="ISO 639-1 code of most of it; empty = nobody speaks.")
    language_score: float = Field(description="How sure the engine is of it, in [0, 1].")
    text: str = Field(description="All lines, parted by spaces.")
    segments: list[Line] = Field(description="Lines in order of time.")
    speech_seconds: float = Field(description="Length of what was given to the engine.")
    duration_seconds: float = Field(description="Length of the sound.")
    engine: str = Field(description="Name of the engine that answered; empty = nobody speaks.")
    version: str = Field(description="Version of engine and weights.")


class SoundFile(BaseModel):
    """Result of ``denoise``, and one part of that of ``separate``."""

    sound: str = Field(description="Key of a FLAC file in the media store.")
    size: int = Field(description="Its bytes.")
    rate: int = Field(description="Samples a second.")
    channels: int = Field(description="1 or 2.")
    duration_seconds: float = Field(description="Its length.")


class CleanSound(SoundFile):
    """Result of ``denoise``."""

    removed_share: float = Field(description="Share of the energy that was taken away, in [0, 1].")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Version of engine and weights.")


class Stem(SoundFile):
    """One stem of a sound file."""

    name: str = Field(description="As the engine calls it: vocals, drums, bass, other …")
    share: float = Field(description="Its share of the energy of all stems, in [0, 1].")


class SoundShares(BaseModel):
    """What a sound is made of; shares of the energy, sum 1 unless it is silent."""

    speech: float = Field(description="Voices: speech, and singing too.")
    music: float = Field(description="Instruments: drums, bass, and what else has a pitch.")
    other: float = Field(description="What has neither voice nor pitch: noise, wind, applause.")


class Stems(BaseModel):
    """Result of ``separate``."""

    stems: list[Stem] = Field(description="In the engine's order; those asked for.")
    speech: str = Field(description="Key of the stem with the voices; empty if it was not kept.")
    shares: SoundShares = Field(description="To tell background music from noise and content.")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Version of engine and weights.")
