"""What goes over the wire: arguments and results of the tools, shared by server and client."""

from __future__ import annotations

from pydantic import BaseModel, Field

MAX_DOCUMENTS = 64
"""Documents in one call at most."""

MAX_CHARACTERS = 4_000
"""Characters of a text that are read; the client cuts what it sends, the server what comes."""

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


class EngineInfo(BaseModel):
    """One engine of this server."""

    name: str = Field(description="What to put into MODEL_ENGINE.")
    capabilities: list[str] = Field(description="What it can do, e.g. classify.")
    active: bool = Field(description="Whether it answers the calls of this server.")
    version: str | None = Field(description="Version; null unless it is active and loaded.")


class EngineList(BaseModel):
    """Result of ``list_engines``."""

    engines: list[EngineInfo] = Field(description="Every engine there is, by name.")
