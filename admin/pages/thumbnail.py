"""Pictures, small and encoded anew: out of the media store, never from where they were found."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Annotated

from fastapi import HTTPException, Path
from starlette.responses import Response

from admin.desk import Desk
from admin.gate import AtDesk, Gate
from gleanery.errors import MediaNotFoundError, MediaRefusedError
from media.image import load_pillow, read_header

gate = Gate()
SIDE, SMALL = 320, 96
"""Pixels of the longer side: alone, and in a list, where fifty weigh less than 250 KiB."""
LARGEST_FILE = 32 * 2**20
"""Bytes of a picture that is read."""
KEPT = 512
"""Thumbnails kept in memory: 10 MB or so."""
Key = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@gate.page("/thumbnail/{key}", role="viewer")
def thumbnail(desk: AtDesk, key: Key, small: bool = False) -> Response:
    """Give a picture of the media store as a small JPEG file, with nothing left of the original."""
    try:
        data = _made(desk, key, SMALL if small else SIDE)
    except (MediaNotFoundError, MediaRefusedError) as error:
        raise HTTPException(404) from error
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return Response(data, media_type="image/jpeg", headers=headers)


@lru_cache(maxsize=KEPT)
def _made(desk: Desk, key: str, side: int) -> bytes:
    if desk.media.size(key) > LARGEST_FILE:
        raise MediaRefusedError("too large for a thumbnail")
    data = desk.media.read(key)
    facts = read_header(data)  # refuses bombs and rare formats before anything is decoded
    out = BytesIO()
    try:
        with load_pillow().open(BytesIO(data), formats=[facts.format]) as image:
            image.draft("RGB", (side, side))
            image.thumbnail((side, side))
            image.convert("RGB").save(out, "JPEG", quality=70)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise MediaRefusedError("the picture is broken") from error
    return out.getvalue()
