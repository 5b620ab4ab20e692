"""Prototypes: laws that hold for any encoder."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from items import load_taxonomy
from model_server.prototypes import build_prototypes, load_prototypes, softmax, unit

TAXONOMY = load_taxonomy()
DIM = 64


class CountingEncoder:
    """Hashed words, and how many texts were embedded."""

    def __init__(self):
        self.texts = 0

    def __call__(self, texts):
        self.texts += len(texts)
        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.split():
                row[zlib.crc32(word.encode()) % DIM] += 1
        return unit(rows)


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("centres", "categories", "subcategories")
    )


def test_there_is_a_unit_row_for_every_category_and_sub_category():
    made = build_prototypes(TAXONOMY, CountingEncoder())

    count = sum(len(c.subcategories) for c in TAXONOMY.categories)
    assert (made.categories.shape, made.subcategories.shape) == ((19, DIM), (count, DIM))
    assert made.centres.shape == (2, DIM)
    assert np.allclose(np.linalg.norm(made.categories, axis=1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(made.subcategories, axis=1), 1, atol=1e-5)


def test_they_are_computed_once_and_then_read_from_the_cache(tmp_path):
    encoder = CountingEncoder()

    first = load_prototypes(TAXONOMY, encoder, encoder="hash-1", cache=tmp_path / "cache")
    count = encoder.texts
    second = load_prototypes(TAXONOMY, encoder, encoder="hash-1", cache=tmp_path / "cache")
    load_prototypes(TAXONOMY, encoder, encoder="hash-2", cache=tmp_path / "cache")

    assert same(first, second)
    assert encoder.texts == 2 * count
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file", b"\x93NUMPY"])
def test_a_damaged_cache_file_is_made_anew(tmp_path, damage):
    first = load_prototypes(TAXONOMY, CountingEncoder(), encoder="hash-1", cache=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)

    assert same(
        load_prototypes(TAXONOMY, CountingEncoder(), encoder="hash-1", cache=tmp_path), first
    )


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "cache").write_text("a file in the folder's place")

    made = load_prototypes(TAXONOMY, CountingEncoder(), encoder="hash-1", cache=tmp_path / "cache")

    assert same(
        made,
        load_prototypes(TAXONOMY, CountingEncoder(), encoder="hash-1", cache=tmp_path / "other"),
    )


def test_softmax_rows_are_shares_even_of_huge_values():
    rows = softmax(np.array([[1e4, 0, -1e4], [0, 0, 0]], dtype=np.float32))

    assert rows == pytest.approx(np.array([[1, 0, 0], [1 / 3] * 3]))
