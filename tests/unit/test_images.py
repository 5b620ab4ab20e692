"""Images as text: what is drawn can be read back, and what cannot be drawn is refused."""

from __future__ import annotations

import base64
from contextlib import suppress
from io import BytesIO
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gleanery.errors import ModelToolError
from model_server.images import COLOURS, MAX_BYTES, decode, draw, reduce_colours, shrink


def encode(pixels, kind="PNG", **options):
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def read(picture):
    """The pixels of a picture's text, whatever its order."""
    head, _, body = picture.text.partition("\n") if picture.colours else ("", "", picture.text)
    palette = dict(pair.split("=#") for pair in head.split())
    step = 1 if picture.colours else 6
    lines = [[line[i : i + step] for i in range(0, len(line), step)] for line in body.split("\n")]
    grid = np.zeros((picture.height, picture.width, 3), np.uint8)
    for n, line in enumerate(lines):
        first = max(0, n - picture.width + 1)
        for m, word in enumerate(line):
            y, x = {
                "rows": (n, m),
                "columns": (m, n),
                "diagonals": (first + m, n - first - m),
            }[picture.order]
            grid[y, x] = list(bytes.fromhex(palette.get(word, word)))
    return grid


@pytest.mark.parametrize("order", ["rows", "columns", "diagonals"])
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(4, 12), colours=st.sampled_from([0, 16]))
def test_what_is_drawn_can_be_read_back(order, seed, size, colours):
    generator = np.random.default_rng(seed)
    flags = generator.integers(0, 256, (16, 3), dtype=np.uint8)
    pixels = flags[generator.integers(0, 16, (size, size))]

    picture = draw(encode(pixels), size=size, colours=colours, order=order)

    assert (picture.width, picture.height, picture.order) == (size, size, order)
    assert (read(picture) == pixels).all()


def test_the_three_orders_of_a_small_picture():
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4)[..., None].repeat(3, 2) * 16

    texts = {
        o: draw(encode(pixels), size=4, order=o).text for o in ("rows", "columns", "diagonals")
    }

    palette = " ".join(f"{n:x}=#{f'{n:x}0' * 3}" for n in range(16)) + "\n"
    assert texts == {
        "rows": palette + "0123\n4567\n89ab\ncdef",
        "columns": palette + "048c\n159d\n26ae\n37bf",
        "diagonals": palette + "0\n14\n258\n369c\n7ad\nbe\nf",
    }


@given(seed=st.integers(0, 2**32 - 1), colours=st.integers(COLOURS[0], COLOURS[-1]))
def test_a_palette_is_never_larger_than_asked_and_each_pixel_takes_its_nearest(seed, colours):
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)

    digits, palette = reduce_colours(pixels, colours)

    distances = ((pixels[:, :, None].astype(int) - palette.astype(int)) ** 2).sum(-1)
    assert len(palette) <= colours
    assert (distances.min(-1) == np.take_along_axis(distances, digits[..., None], -1)[..., 0]).all()


def test_the_same_image_gives_the_same_text_however_it_comes():
    data = encode(np.random.default_rng(1).integers(0, 256, (90, 70, 3), dtype=np.uint8))
    text = base64.b64encode(data).decode()

    assert draw(data) == draw(text) == draw(f"data:image/png;base64,{text}")


def test_thirty_by_thirty_in_full_colour_has_900_pixels_of_six_digits():
    picture = draw(encode(np.zeros((99, 50, 3), np.uint8)), size=30, colours=0)

    assert picture.text.split("\n") == ["000000" * 30] * 30


def test_shrinking_takes_the_mean_of_the_area():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[::2] = 200

    assert (shrink(pixels, 4) == 100).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_each_format_is_read(kind):
    pixels = np.full((20, 20, 3), (200, 40, 90), np.uint8)

    assert np.abs(decode(encode(pixels, kind)).astype(int) - pixels).max() <= 12


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        pytest.param(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), 255, id="transparent is white"),
        pytest.param(Image.new("L", (8, 8), 77), 77, id="grey"),
        pytest.param(Image.new("1", (8, 8), 1), 255, id="black and white"),
        pytest.param(Image.new("I;16", (8, 8), 0x4D00), 77, id="16 bits"),
    ],
)
def test_other_kinds_of_pixel_become_rgb(image, colour):
    file = BytesIO()
    image.save(file, "PNG")

    assert (decode(file.getvalue()) == colour).all()


def test_a_photo_is_turned_as_its_exif_says():
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise

    turned = decode(encode(pixels, "JPEG", exif=exif))

    assert turned.shape == (32, 16, 3)
    assert turned[2].mean() > 200
    assert turned[-2].mean() < 50


def bomb():
    """A small file that says it has 20 billion pixels."""
    data = bytearray(encode(np.zeros((4, 4, 3), np.uint8)))
    data[16:24] = (200_000).to_bytes(4) + (100_000).to_bytes(4)
    data[29:33] = crc32(data[12:29]).to_bytes(4)
    return bytes(data)


def moving():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


PNG = encode(np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        pytest.param(bomb(), {}, "200000 x 100000 pixels", id="bomb"),
        pytest.param(moving(), {}, "the image moves", id="animated"),
        pytest.param(b"GIF89a broken", {}, "broken or none of", id="broken header"),
        pytest.param(b"<svg/>", {}, "broken or none of", id="other format"),
        pytest.param(PNG[:60], {}, "broken", id="cut off"),
        pytest.param(b"", {}, "is empty", id="empty"),
        pytest.param("not base64!", {}, "not base64", id="not base64"),
        pytest.param(b"x" * (MAX_BYTES + 1), {}, "too large", id="large"),
        pytest.param("A" * 4 * MAX_BYTES, {}, "too large", id="large base64"),
        pytest.param(PNG, {"size": 3}, "size is 4 to 64", id="size"),
        pytest.param(PNG, {"colours": 17}, "colours is 0 or 2 to 16", id="colours"),
        pytest.param(PNG, {"order": "spiral"}, "order is rows", id="order"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(data, options, message):
    with pytest.raises(ModelToolError, match=message):
        draw(data, **options)


@given(data=st.binary(max_size=400), cut=st.integers(0, len(PNG)))
def test_garbage_never_does_worse_than_a_clear_error(data, cut):
    for broken in (data, PNG[:cut] + data):
        with suppress(ModelToolError):
            decode(broken)
