"""What a model wrote as JSON, read with care: it may be cut, malformed, or too much."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from items.taxonomy import Category, Subcategory, Taxonomy
from model_server.schema import Document, Proposal
from model_server.titles import clean, shorten

MAX_SUMMARY = 400
"""Characters of a summary at most."""
MAX_NAME = 60
"""Characters of a proposed name at most."""
MAX_PROPOSALS = 5
_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")
_TEXTS = ("key", "name_ko", "name_en", "description_ko", "description_en")


def one_text_schema(field: str, limit: int) -> dict[str, Any]:
    """Return the JSON schema of an object with one text of at most ``limit`` characters."""
    text = {"type": "string", "minLength": 1, "maxLength": limit}
    return _object({field: text})


def read_text(written: str, field: str, limit: int) -> str:
    """Return a text out of a JSON object, cleaned, on one line.

    Args:
        written: What the model wrote; a cut object gives what there is of the text.
        field: Where the text stands.
        limit: Characters at most.

    Returns:
        Empty if there is none.
    """
    found = _loads(written)
    text = found.get(field) if isinstance(found, dict) else None
    if not isinstance(text, str):
        begun = re.search(rf'"{field}"\s*:\s*("(?:[^"\\]|\\.)*)', written)
        text = _loads(f'{begun[1]}"') if begun else ""
    return shorten(clean(text), limit) if isinstance(text, str) else ""


def proposals_schema(taxonomy: Taxonomy, documents: int) -> dict[str, Any]:
    """Return the JSON schema of proposals that speak of ``documents`` numbered documents."""
    texts = {name: {"type": "string", "minLength": 1, "maxLength": 120} for name in _TEXTS}
    numbers = {"type": "integer", "enum": list(range(1, documents + 1))}
    one = {
        "parent": {"enum": [*taxonomy.keys, None]},
        **texts,
        "evidence": {"type": "array", "items": numbers, "minItems": 1, "maxItems": documents},
    }
    many = {"type": "array", "items": _object(one), "maxItems": MAX_PROPOSALS}
    return _object({"proposals": many})


def read_proposals(
    written: str, taxonomy: Taxonomy, documents: Sequence[Document]
) -> list[Proposal]:
    """Return the proposals that a person can use.

    Args:
        written: What the model wrote.
        taxonomy: What there is; a proposal of that again is left out.
        documents: Those that the model was shown, numbered from 1.

    Returns:
        In the model's order; those that are malformed, known already, said twice or without a
        document to speak for them are left out.
    """
    found = _loads(written)
    rows = found.get("proposals") if isinstance(found, dict) else None
    kept: dict[tuple[str | None, str], Proposal] = {}
    for row in rows if isinstance(rows, list) else ():
        proposal = _proposal(row, documents) if isinstance(row, dict) else None
        if proposal and not _is_known(proposal, taxonomy):
            kept.setdefault((proposal.parent, proposal.key), proposal)
    return list(kept.values())[:MAX_PROPOSALS]


def _proposal(row: dict[str, Any], documents: Sequence[Document]) -> Proposal | None:
    texts = {name: clean(row[name]) for name in _TEXTS if isinstance(row.get(name), str)}
    key = _slug(texts.get("key", ""))
    numbers = row.get("evidence")
    evidence = _evidence(numbers if isinstance(numbers, list) else [], documents)
    parent = row.get("parent")
    complete = len(texts) == len(_TEXTS) and all(texts.values())
    if not (complete and evidence and _KEY.fullmatch(key)):
        return None
    if not (parent is None or isinstance(parent, str)):
        return None
    texts |= {name: shorten(texts[name], MAX_NAME) for name in ("name_ko", "name_en")}
    return Proposal.model_validate({**texts, "parent": parent, "key": key, "evidence": evidence})


def _slug(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", key.casefold()).strip("_")


def _evidence(numbers: Sequence[Any], documents: Sequence[Document]) -> list[str]:
    """Return ids, or beginnings, of the documents with these numbers that exist."""
    real = dict.fromkeys(n for n in numbers if type(n) is int and 1 <= n <= len(documents))
    shown = [documents[n - 1] for n in real]
    return [d.id if d.id is not None else shorten(clean(d.title or d.text), 40) for d in shown]


def _is_known(proposal: Proposal, taxonomy: Taxonomy) -> bool:
    """Whether the taxonomy has it already, or lacks the category that it would be a part of."""
    if proposal.parent is not None and proposal.parent not in taxonomy.keys:
        return True
    parts = [s for c in taxonomy.categories for s in c.subcategories if c.key == proposal.parent]
    there: list[Category | Subcategory] = [*taxonomy.categories, *parts]
    names = {n.casefold() for entry in there for n in (entry.key, entry.name_ko, entry.name_en)}
    said = {n.casefold() for n in (proposal.key, proposal.name_ko, proposal.name_en)}
    return bool(names & said)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _loads(text: str) -> Any:
    """Return what JSON says, with what a chat model writes around it cut off; else ``None``."""
    start = min((text.find(c) for c in '{"' if c in text), default=0)
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None
