"""What models called items, held against what people say; on every store there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from items import Annotation
from pipelines.correct import correct_label
from storage.labelled import ModelLabels
from tests.contracts.store_items import NOW, POST, a_video


def said(tool: str, category: str | None, score: float | None = None, **more) -> Annotation:
    value = {"category": category, "subcategory": None}
    return Annotation(tool=tool, engine="e5", version="1", value=value, score=score, **more)


def test_labels_are_counted_by_model_and_held_against_people(store):
    videos = [
        a_video(
            n,
            category="life_lifestyle",
            classified_at=NOW,
            annotations=[said("classify", "life_lifestyle", s)],
        )
        for n, s in enumerate((0.9, 0.6, None))
    ]
    more = [
        said("classify", "environment_energy", 0.5),
        said("classify_video", "life_lifestyle"),
        said("x", None),
    ]
    store.save([*videos, replace(POST, annotations=more)])
    correct_label(store, "youtube:v0", "life_lifestyle", by="kim")
    correct_label(store, "youtube:v1", "environment_energy", by="kim")
    correct_label(store, "youtube:v1", "environment_energy", by="lee")
    store.save([replace(videos[2], annotations=[])])  # crawled again: what models said stays

    classify, whole = store.model_labels()

    assert classify.mean_score == pytest.approx((0.9 + 0.6 + 0.5) / 3)
    assert (classify.labels, classify.confirmed, classify.corrected) == (4, 1, 1)
    assert whole == ModelLabels(tool="classify_video", engine="e5", version="1", labels=1)
    store.delete(["youtube:v0", POST.identity])
    assert [(m.tool, m.labels, m.confirmed) for m in store.model_labels()] == [("classify", 2, 0)]
