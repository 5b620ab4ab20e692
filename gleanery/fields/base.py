"""What the groups of settings share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic_settings import NoDecode

PREFIX = "GLEANERY_"
"""Every environment variable of ours begins with it."""
Words = Annotated[tuple[str, ...], NoDecode]
"""Several words in one variable, parted by commas; needs ``split`` as a validator."""


class Fields(BaseModel):
    """One group of settings; each field's docstring is its help text (``gleanery.meanings``)."""

    # deferred: only the whole, ``Config``, is ever validated
    model_config = ConfigDict(defer_build=True)


def split(value: object) -> object:
    """Part a text at its commas; anything else is returned as it is."""
    if not isinstance(value, str):
        return value
    return tuple(word.strip() for word in value.split(",") if word.strip())
