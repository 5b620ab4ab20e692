"""``gleanery frames``: key frames of a video as pictures, and as vector graphics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import AsJson, print_json, print_table

if TYPE_CHECKING:
    from media.frames import Frame


def frames(
    file: Annotated[Path, typer.Argument(help="A video. / 동영상 파일")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the pictures; it is made.")],
    svg: Annotated[bool, typer.Option("--svg", help="Vector graphics, too.")] = False,
    jpeg: Annotated[bool, typer.Option("--jpeg", help="JPEG instead of PNG.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Most frames; unlike scenes first.")] = (
        None
    ),
    as_json: AsJson = False,
) -> None:
    """Write key frames of a video, one of each scene (장면마다 대표 프레임 저장)."""
    from commands.counting import counting_bar
    from media.key_frames import key_frames

    out.mkdir(parents=True, exist_ok=True)
    with counting_bar("frames") as progress:
        rows = []
        for number, frame in enumerate(key_frames(file, most=limit), 1):
            rows.append(_written(frame, out / f"{file.stem}-{number:04}", svg=svg, jpeg=jpeg))
            progress(number, None)
    if as_json:
        print_json(rows)
        return
    names = ("at_seconds", "picture", *(("share", "svg_bytes", "svg") if svg else ()))
    print_table(
        f"Key frames / 대표 프레임 – {file.name}",
        [f"#{n}" if n in ("at_seconds", "share", "svg_bytes") else n for n in names],
        [[row[name] for name in names] for row in rows],
    )


def _written(frame: Frame, stem: Path, *, svg: bool, jpeg: bool) -> dict[str, Any]:
    from media.svg import save_picture, vectorize_frame

    picture = stem.with_name(stem.name + (".jpg" if jpeg else ".png"))
    save_picture(frame.pixels, picture)
    row: dict[str, Any] = {"at_seconds": round(frame.at_seconds, 3), "picture": str(picture)}
    if svg:
        drawing = vectorize_frame(frame.pixels)
        path = stem.with_name(stem.name + ".svg")
        path.write_text(drawing.svg, encoding="utf-8")
        row |= {"svg": str(path), "share": round(drawing.share, 3), "svg_bytes": drawing.size}
    return row
