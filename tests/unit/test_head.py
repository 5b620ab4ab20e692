"""Heads: laws of what labelled documents may change, on vectors made up here."""

from __future__ import annotations

import numpy as np
import pytest

from model_server.likeness.cross_validation import Labelled, cross_validate, same_documents
from model_server.likeness.head import (
    EVEN,
    REACH,
    RIDGE,
    Corrected,
    evened,
    fit_temperature,
    train_head,
)
from model_server.likeness.prototypes import unit

KEYS = ("a", "b", "c")
EVENLY = np.full((1, 3), 1 / 3)


def around(centre, count, *, spread=0.1, seed=0, dim=64):
    noise = np.random.default_rng(seed).normal(size=(count, dim)) * spread
    base = np.zeros(dim)
    base[centre] = 1
    return unit((base + noise).astype(np.float32))


def two_classes(count=20):
    vectors = np.concatenate([around(0, count, seed=1), around(1, count, seed=2)])
    labels = [0] * count + [1] * count
    return vectors, labels, np.repeat(EVENLY, 2 * count, axis=0)


def test_one_labelled_document_is_corrected_by_the_closed_answer():
    """(k + λ) w = y - s, and k = 1 for a document itself."""
    document = around(0, 1)
    head = train_head(document, [2], EVENLY, KEYS)

    corrected = head.correct(document, EVENLY, KEYS)

    expected = (np.array([0, 0, 1]) - 1 / 3) / (1 + RIDGE)
    assert head.weights[0] == pytest.approx(expected, abs=1e-5)
    assert corrected.scores[0] == pytest.approx(1 / 3 + expected, abs=1e-4)


def test_two_labelled_documents_solve_the_two_equations():
    pair = unit(np.array([[1, 0], [1, 1]], dtype=np.float32))
    head = train_head(pair, [0, 1], np.repeat(EVENLY, 2, axis=0), KEYS)

    kernel = np.exp(REACH * (pair @ pair.T - 1))
    wrong = np.eye(3)[[0, 1]] - 1 / 3
    assert (kernel + RIDGE * np.eye(2)) @ head.weights == pytest.approx(wrong, abs=1e-5)


def test_far_from_every_labelled_document_the_prototypes_answer_stands():
    vectors, labels, shares = two_classes()
    head = train_head(vectors, labels, shares, KEYS)
    said = np.array([[0.2, 0.1, 0.7]])

    answer = head.correct(around(9, 1, spread=0.01), said, KEYS).calibrated(3.0)

    assert answer == pytest.approx(said, abs=1e-3)


def test_near_labelled_documents_the_labels_win():
    vectors, labels, shares = two_classes()
    head = train_head(vectors, labels, shares, KEYS)
    said = np.array([[0.2, 0.1, 0.7]])

    answers = [head.correct(around(c, 1, seed=9), said, KEYS).calibrated(0.5) for c in (0, 1)]

    assert [int(answer.argmax()) for answer in answers] == [0, 1]


def test_a_category_newer_than_the_head_keeps_its_share_beside_labelled_documents():
    """What is left of it goes to the others as the head says."""
    vectors, labels, shares = two_classes()
    head = train_head(vectors, labels, shares, KEYS)
    said = np.array([[0.1, 0.1, 0.1, 0.7]])

    scores = head.correct(vectors[:1], said, (*KEYS, "new")).scores[0]

    assert scores[3] == pytest.approx(evened(said)[0, 3])
    assert scores.argmax() in (0, 3)
    assert scores.sum() == pytest.approx(1, abs=1e-3)


def test_a_category_that_is_gone_and_another_order_are_no_matter():
    vectors, labels, shares = two_classes()
    head = train_head(vectors, labels, shares, KEYS)
    plain = head.correct(vectors, shares, KEYS).scores

    turned = head.correct(vectors, shares, ("b", "a", "c")).scores
    fewer = head.correct(vectors, np.full((40, 2), 0.5), ("a", "b")).calibrated(0.5)

    assert turned[:, [1, 0, 2]] == pytest.approx(plain)
    assert fewer.argmax(axis=1).tolist() == labels


def test_calibrated_scores_are_shares_even_if_corrections_overshoot():
    answer = Corrected(scores=np.array([[1.4, -0.3, -0.1]]), trust=np.array([1.0])).calibrated(0.5)

    assert answer.sum() == pytest.approx(1)
    assert (answer > 0).all()
    assert answer.argmax() == 0


def test_the_temperature_makes_confidence_the_share_of_right_answers():
    """90 % sure but right 60 times in 100: evened out until it says about 60 %."""
    said = np.repeat(np.array([[0.9, 0.1]]), 100, axis=0)
    labels = [0] * 60 + [1] * 40
    answers = Corrected(scores=said, trust=np.ones(100))

    temperature = fit_temperature(answers, labels)

    assert temperature > 1
    assert answers.calibrated(temperature)[0, 0] == pytest.approx(0.6, abs=0.05)


def test_trust_of_nobody_gives_back_the_shares():
    said = np.array([[0.5, 0.3, 0.2]])

    answer = Corrected(scores=evened(said), trust=np.zeros(1)).calibrated(7.0)

    assert EVEN > 1
    assert answer == pytest.approx(said, abs=1e-9)


def labelled(vectors, labels, sources, *, korean=None):
    return Labelled(
        vectors=vectors,
        korean=korean or [False] * len(labels),
        labels=labels,
        sources=sources,
        keys=KEYS,
        shares=np.repeat(EVENLY, len(labels), axis=0),
    )


def test_copies_and_translations_are_one_document():
    """Rows 0 and 1 are copies; 2 and 3 are each other's nearest in two languages of one source."""
    vectors = unit(
        np.array(
            [[1, 0, 0, 0], [1, 0.1, 0, 0], [0, 1, 0, 0], [0, 1, 0.9, 0], [0, 0, 0, 1]],
            dtype=np.float32,
        )
    )
    rows = labelled(vectors, [0] * 5, ["s"] * 5, korean=[False, False, True, False, False])

    groups = same_documents(rows).tolist()

    assert groups[0] == groups[1]
    assert groups[2] == groups[3]
    assert len(set(groups)) == 3


def test_cross_validation_learns_inside_sources_and_leaves_new_ones_to_the_prototypes():
    """Each source sits elsewhere: what one teaches says nothing of the other."""
    vectors, labels, _ = two_classes(40)
    rows = labelled(vectors, labels, ["one"] * 40 + ["two"] * 40)

    answers = cross_validate(rows)

    assert (answers.inside.argmax(axis=1) == np.array(labels)).mean() > 0.9
    assert answers.across.max() < 0.6


def test_a_single_source_has_nothing_to_be_crossed_with():
    vectors, labels, shares = two_classes()
    answers = cross_validate(labelled(vectors, labels, ["only"] * 40))

    assert answers.across == pytest.approx(shares, abs=1e-6)
