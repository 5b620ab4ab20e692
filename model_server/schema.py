"""What goes over the wire: arguments and results of the tools, shared by server and client."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Capability = Literal[
    "classify",
    "title",
    "summarize",
    "embed",
    "propose_category",
    "describe_image",
    "vectorize_video",
    "transcribe",
    "denoise",
    "separate",
]
"""What an engine may be able to do; also the name of the engine's method."""

MAX_DOCUMENTS = 64
"""Documents in one call at most."""

MAX_CHARACTERS = 4_000
"""Characters of a text that are read; the client cuts what it sends, the server what comes."""

RETRY_AFTER = "gleanery/retry_after_seconds"
"""Key in the ``_meta`` of an error that only says "busy": when the same call may succeed."""

TAXONOMY_URI = "gleanery://taxonomy"
"""Address of the taxonomy as a resource."""


class Document(BaseModel):
    """One document to classify; it needs a text or a title."""

    id: str | None = Field(None, description="Any id of the caller's; it comes back as given.")
    text: str = Field("", description="Body, plain or marked up; what is too long is cut.")
    title: str = Field("", description="Title as the source gives it.")
    language: str | None = Field(None, description="ISO 639-1 code, if known.")
    url: str | None = Field(None, description="Address of the document; a hint for some engines.")


class Classification(BaseModel):
    """What the model server says of one document."""

    id: str | None = Field(description="As given.")
    category: str = Field(description="Key of the category with the highest score.")
    subcategory: str | None = Field(description="Key of a sub-category of that category.")
    scores: dict[str, float] = Field(description="Score in [0, 1] of every category; sum 1.")
    confidence: float = Field(description="Score of the category picked, in [0, 1].")
    needs_review: bool = Field(description="Whether the engine is unsure.")
    title: str = Field(description="The title given, else the first sentence; ≤ 80 characters.")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Version of engine, weights and taxonomy.")


class ClassifyResult(BaseModel):
    """Result of ``classify_batch``."""

    results: list[Classification] = Field(description="One per document, in order.")


class Words(BaseModel):
    """What ``title`` or ``summarize`` say of one document."""

    id: str | None = Field(description="As given.")
    text: str = Field(description="The title or summary, plain text.")
    engine: str = Field(description="Name of the engine that answered; extractive = none did.")
    version: str = Field(description="Version of engine, weights and prompt.")


class WordsResult(BaseModel):
    """Result of ``title`` and ``summarize``."""

    results: list[Words] = Field(description="One per document, in order.")


class EmbedResult(BaseModel):
    """Result of ``embed``."""

    vectors: list[list[float]] = Field(description="One per text, in order; L2 norm 1.")
    dim: int = Field(description="Length of each vector.")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Vectors of different versions must not be compared.")


class Proposal(BaseModel):
    """A category, or a sub-category, that a model would add. A person decides."""

    parent: str | None = Field(description="Category it would be a part of; null = a new category.")
    key: str = Field(description="Proposed key: a-z, 0-9 and underscores.")
    name_ko: str = Field(description="Korean name.")
    name_en: str = Field(description="English name.")
    description_ko: str = Field(description="One Korean line: what belongs there.")
    description_en: str = Field(description="One English line: what belongs there.")
    evidence: list[str] = Field(
        description="Ids, or beginnings, of the documents that speak for it."
    )


class ProposalResult(BaseModel):
    """Result of ``propose_category``."""

    proposals: list[Proposal] = Field(description="May be empty: every document has its place.")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Version of engine, weights, prompt and taxonomy.")


class ImageDescription(BaseModel):
    """Result of ``describe_image``."""

    description: str = Field(description="One sentence.")
    width: int = Field(description="Width in pixels of the picture that the engine saw.")
    height: int = Field(description="Its height in pixels.")
    engine: str = Field(description="Name of the engine that answered.")
    version: str = Field(description="Version of engine, weights and prompt.")


class EngineInfo(BaseModel):
    """One engine of this server, or one it could run."""

    name: str = Field(description="What to put into MODEL_ENGINE.")
    engine: str = Field(description="File of model_server/engines that runs it.")
    capabilities: list[str] = Field(description="What it can do, e.g. classify.")
    active: bool = Field(description="Whether this server runs it.")
    answers: list[str] = Field(description="Capabilities for which calls go to it.")
    version: str | None = Field(description="Version; null unless it is active and ready.")
    state: str = Field(description="ready, loading, failed (see error), or not active.")
    error: str | None = Field(description="Why it failed to load; null if it did not.")


class EngineList(BaseModel):
    """Result of ``list_engines``."""

    engines: list[EngineInfo] = Field(description="Every engine there is, by name.")


class SubcategoryInfo(BaseModel):
    """A part of a category."""

    key: str = Field(description="Key, unique inside its category.")
    name_ko: str = Field(description="Korean name.")
    name_en: str = Field(description="English name.")
    description_ko: str = Field(description="One Korean line: what belongs there.")
    description_en: str = Field(description="One English line: what belongs there.")


class CategoryInfo(SubcategoryInfo):
    """One of the top-level categories; its key is unique."""

    subcategories: list[SubcategoryInfo] = Field(description="Its parts, in order.")


class TaxonomyResult(BaseModel):
    """Result of ``taxonomy``."""

    version: str = Field(description="Version of the file.")
    categories: list[CategoryInfo] = Field(description="In the file's order.")
