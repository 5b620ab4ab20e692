"""Prototypes: laws that hold for any encoder."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
import yaml

from items import load_taxonomy
from items.taxonomy import Category
from model_server.likeness.prototypes import (
    EXAMPLES_FILE,
    SOFTNESS,
    Prototypes,
    build_prototypes,
    load_prototypes,
    unit,
)
from model_server.softmax import softmax

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
        for name in ("centres", "rows", "owners", "subcategories")
    )


def test_every_description_and_example_is_a_unit_row_of_its_category():
    made = build_prototypes(TAXONOMY, CountingEncoder())

    subs = sum(len(c.subcategories) for c in TAXONOMY.categories)
    examples = yaml.safe_load(EXAMPLES_FILE.read_text(encoding="utf-8"))
    shown = sum(len(texts) for own in examples.values() for texts in own.values())
    assert made.rows.shape == (2 * (19 + subs) + shown, DIM)
    assert set(made.owners.tolist()) == set(range(19))
    assert made.centres.shape == (2, DIM)
    assert made.subcategories.shape == (subs, DIM)
    assert np.allclose(np.linalg.norm(made.rows, axis=1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(made.subcategories, axis=1), 1, atol=1e-5)


def test_likeness_is_the_soft_maximum_over_a_category_s_prototypes():
    """Beside one prototype: nearly 1 less the softness that the others of the category cost."""
    rows = unit(np.eye(4, dtype=np.float32))
    made = Prototypes(
        centres=np.zeros((2, 4), dtype=np.float32),
        rows=rows,
        owners=np.array([0, 0, 0, 1]),
        subcategories=rows[:1],
    )

    (found,) = made.likeness(rows[:1])

    assert found == pytest.approx([1 + SOFTNESS * np.log(1 / 3), 0], abs=1e-4)


def test_examples_are_written_for_categories_of_the_taxonomy_in_both_languages():
    examples = yaml.safe_load(EXAMPLES_FILE.read_text(encoding="utf-8"))

    assert list(examples) == list(TAXONOMY.keys)
    assert all(len(set(own["ko"])) >= 10 <= len(set(own["en"])) for own in examples.values())
    assert all(isinstance(t, str) for own in examples.values() for ts in own.values() for t in ts)


def test_a_category_without_examples_works_by_its_descriptions():
    news = Category(
        key="gardening",
        name_ko="원예",
        name_en="Gardening",
        description_ko="꽃과 나무 가꾸기, 씨앗, 화분",
        description_en="Growing flowers and trees, seeds and pots",
        subcategories=(),
    )
    wider = replace(TAXONOMY, categories=(*TAXONOMY.categories, news))
    encoder = CountingEncoder()

    made = build_prototypes(wider, encoder)

    document = made.centred(encoder(["seeds and pots and flowers"]), [False])
    assert made.likeness(document)[0].argmax() == 19


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
